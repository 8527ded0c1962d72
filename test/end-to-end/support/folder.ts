import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A temporary folder for a test. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'portico-end-to-end-'))

  /** @param files contents by path below the folder */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content)
  }

  /** @returns the file's path */
  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }

  /** Deletes a file, which may be missing. */
  delete(name: string): void {
    rmSync(join(this.path, name), { force: true })
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
