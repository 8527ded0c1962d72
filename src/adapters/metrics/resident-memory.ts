/**
 * Makes a reader of the resident memory of this process, in bytes.
 *
 * The platform opens a file to read it. When no file descriptor is left, the reader returns the last value instead of
 * failing, so that metrics still work in this state.
 */
export function residentMemory(read: () => number = () => process.memoryUsage.rss()): () => number {
  let bytes = 0
  return () => {
    try {
      bytes = read()
    } catch {
      // Keeps the last value.
    }
    return bytes
  }
}
