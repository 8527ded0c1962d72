import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'

/** How long the real path of a root is remembered, in milliseconds. */
const FRESH_MS = 1000
/** The most roots that are remembered. A handler may pass a new root with each call. */
const MAX_ROOTS = 64

/**
 * Knows the real paths of roots, with all symbolic links resolved.
 *
 * A root is resolved once and remembered. It can be replaced in the meantime, for example by a deployment that switches
 * the link `current` to the next release. A file below the new root is not within the remembered root, so that the root
 * is resolved again at once. Any other use notices the new root within a second, so that a link from the new release
 * into the old one is followed for no longer than that.
 *
 * Real paths are latin1 strings, one octet per character: names are compared by their octets, in any encoding.
 */
export class RealRoots {
  private readonly known = new Map<string, { readonly path: string; readonly asOfMs: number }>()

  /** @param now reads a monotonic clock, in milliseconds */
  constructor(private readonly now: () => number) {}

  /**
   * Tells whether a real path is the root or below it.
   *
   * @throws the platform's error when the root cannot be resolved
   */
  async contain(root: string, path: string): Promise<boolean> {
    const known = this.known.get(root)
    if (known !== undefined && this.now() - known.asOfMs < FRESH_MS && isWithin(known.path, path)) return true
    return isWithin(await this.resolve(root), path)
  }

  private async resolve(root: string): Promise<string> {
    const asOfMs = this.now()
    const path = await realpath(root, 'latin1')
    if (this.known.size === MAX_ROOTS) this.known.clear()
    this.known.set(root, { path, asOfMs })
    return path
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}
