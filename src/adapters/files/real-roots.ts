import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'

/** For how long a root is taken to be where it was, in milliseconds. */
const FRESH_MS = 1000
/** Roots remembered at a time; a handler may make them up as it goes. */
const MAX_ROOTS = 64

/**
 * Where roots really are, every link on the way to them resolved.
 *
 * A root is resolved once and remembered. It can be replaced meanwhile, say by a deploy that switches the link
 * `current` to the next release. That is noticed at once, since a file opened below the new root does not lie within
 * the remembered one, and then the file system is asked again; and it is noticed within a second by any other file, so
 * that a link from the new release into the old one is not followed for longer.
 *
 * Real paths are latin1 strings, an octet each character: names are compared by their octets, whatever their encoding.
 */
export class RealRoots {
  private readonly known = new Map<string, { readonly path: string; readonly asOfMs: number }>()

  /** @param now milliseconds that never go back */
  constructor(private readonly now: () => number) {}

  /**
   * Whether a real path is that of the root or of something below it.
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
