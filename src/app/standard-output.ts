/** Standard output of a command, whose work is not done when it could not be written. */

/** Who reads has seen enough, as `head` has. */
const ENOUGH = 'EPIPE'

const FAILURE = 1

export class StandardOutput {
  private isUsed = false
  private failure: NodeJS.ErrnoException | null = null

  constructor(private readonly stream: NodeJS.WriteStream) {
    stream.on('error', (error: NodeJS.ErrnoException) => (this.failure ??= error))
  }

  write(text: string): void {
    this.isUsed = true
    this.stream.write(text)
  }

  /**
   * @param code what the command has come to
   * @param err takes a line when something was not written
   * @returns the exit code, when all is written or cannot be
   */
  async end(code: number, err: (text: string) => void): Promise<number> {
    // A server's logs have a way of their own.
    if (!this.isUsed) return code
    // Called when all before it has been written, and when that has failed.
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()))
    await new Promise(setImmediate)
    if (this.failure === null || this.failure.code === ENOUGH) return code
    err(`portico: Cannot write to standard output: ${this.failure.message}\n`)
    return code === 0 ? FAILURE : code
  }
}
