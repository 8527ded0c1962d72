/** The error of a reader that closed the pipe because it has read enough, such as `head`. */
const READER_CLOSED = 'EPIPE'

const FAILURE = 1

/** The standard output of a command. The command fails when its output cannot be written. */
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
   * Waits until everything is written.
   *
   * @param code the exit code of the command
   * @param err writes an error message
   * @returns the exit code of the process: `code`, or 1 when the output could not be written
   */
  async end(code: number, err: (text: string) => void): Promise<number> {
    // Nothing was written here: a server's logs do not use this stream.
    if (!this.isUsed) return code
    // The callback of an empty write runs after all writes before it succeeded or failed.
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()))
    await new Promise(setImmediate)
    if (this.failure === null || this.failure.code === READER_CLOSED) return code
    err(`portico: Cannot write to standard output: ${this.failure.message}\n`)
    return code === 0 ? FAILURE : code
  }
}
