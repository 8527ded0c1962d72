/** Long enough for a loaded machine: a test that passes never waits so long. */
const PATIENCE_MS = 15_000

/**
 * A promise that is given up on when it takes too long.
 *
 * @param wanted what is waited for and what was found instead, asked when it was in vain
 */
export async function within<T>(promise: Promise<T>, wanted: () => string, patienceMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot wait any longer for ${wanted()}`)), patienceMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
