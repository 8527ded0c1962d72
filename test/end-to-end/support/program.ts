import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { within } from './within.js'

/** The program as it was compiled together with this test. */
export const MAIN = fileURLToPath(new URL('../../../src/app/main.js', import.meta.url))

export interface ProgramOptions {
  /** Beside `PATH`; what the shell of the test happens to have set would change what is tested. */
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
}

export interface Exit {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** `portico` as a process of its own, with everything it says. */
export class Program {
  stdout = ''
  stderr = ''
  /** Resolves once it is gone and all it said has been read. */
  readonly exited: Promise<Exit>

  private readonly child: ChildProcess
  private readonly watchers = new Set<() => void>()

  constructor(parameters: readonly string[], { environment = {}, workingDirectory }: ProgramOptions = {}) {
    this.child = spawn(process.execPath, [MAIN, ...parameters], {
      cwd: workingDirectory,
      // Not what would have coverage measured in it, too: it is to be as fast as it is.
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.collect('stdout')
    this.collect('stderr')
    this.exited = once(this.child, 'close').then(([code, signal]: unknown[]) => ({ code, signal }) as Exit)
    void this.exited.then(() => this.tellWatchers())
    this.endWithTests()
  }

  /** Runs it to its end. */
  static async run(parameters: readonly string[], options?: ProgramOptions): Promise<Program & Exit> {
    const program = new Program(parameters, options)
    return Object.assign(program, await program.ending())
  }

  get pid(): number {
    return this.child.pid!
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** As `exited`, but in bounded time: a program that does not end is killed, and that is an error. */
  async ending(): Promise<Exit> {
    try {
      return await within(this.exited, () => `the end of the program; it said ${JSON.stringify(this.stderr)}`)
    } catch (error) {
      this.kill('SIGKILL')
      throw error
    }
  }

  /**
   * Waits until what it said on a stream has what is looked for.
   *
   * @param find gives what is looked for, `null` or `undefined` while it is not there
   * @throws {Error} when the program ends before, or it takes too long
   */
  said<T>(stream: 'stdout' | 'stderr', find: (text: string) => T | null | undefined): Promise<T> {
    const found = new Promise<T>((resolve, reject) => {
      const look = (): void => {
        const value = find(this[stream])
        if (value === null || value === undefined) {
          if (this.isRunning) return
          reject(new Error(`Cannot find what is looked for: the program ended, with ${JSON.stringify(this.stderr)}`))
        } else {
          resolve(value)
        }
        this.watchers.delete(look)
      }
      this.watchers.add(look)
      look()
    })
    return within(found, () => `what is looked for on ${stream}: found ${JSON.stringify(this[stream].slice(-2000))}`)
  }

  private collect(stream: 'stdout' | 'stderr'): void {
    this.child[stream]!.setEncoding('utf8').on('data', (text: string) => {
      this[stream] += text
      this.tellWatchers()
    })
  }

  /** A test that fails may leave its program behind: that neither keeps the tests from ending nor survives them. */
  private endWithTests(): void {
    this.child.unref()
    for (const stream of [this.child.stdout, this.child.stderr]) (stream as Socket).unref()
    const kill = (): void => this.kill('SIGKILL')
    process.once('exit', kill)
    void this.exited.then(() => process.off('exit', kill))
  }

  private tellWatchers(): void {
    for (const watcher of [...this.watchers]) watcher()
  }
}
