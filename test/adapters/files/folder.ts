import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A temporary folder with files in it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'portico-files-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    // Other users may read it, because tests drop their privileges.
    chmodSync(this.path, 0o755)
    for (const [name, content] of Object.entries(files)) this.write(name, content)
  }

  at(name: string): string {
    return join(this.path, name)
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(this.at(name)), { recursive: true })
    writeFileSync(this.at(name), content)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Counts the open descriptors of this process. */
export function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/** Runs a task as a user to whom file permissions apply. */
export async function unprivileged<T>(task: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid!() === 0
  if (isRoot) process.seteuid!(65534)
  try {
    return await task()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}
