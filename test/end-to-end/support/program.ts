import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { within } from '../../support/waiting.js'

/** The program as it is shipped. */
export const MAIN = fileURLToPath(new URL('../../../../bundle/src/app/main.js', import.meta.url))

export interface ProgramOptions {
  /** The environment beside `PATH`. Nothing else of the test's own environment is passed on: it could change the result. */
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
}

/** How a process ended. */
export interface Exit {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** All programs that run now. A failed test may leave some of them running: they must not outlive the tests. */
const running = new Set<ChildProcess>()
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** `portico` in its own process, with everything that it prints. */
export class Program {
  stdout = ''
  stderr = ''
  /** Resolves when the process has ended and all of its output has been read. */
  readonly exited: Promise<Exit>

  private readonly child: ChildProcess
  private readonly watchers = new Set<() => void>()

  constructor(parameters: readonly string[], { environment = {}, workingDirectory }: ProgramOptions = {}) {
    this.child = spawn(process.execPath, [MAIN, ...parameters], {
      cwd: workingDirectory,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.collect('stdout')
    this.collect('stderr')
    this.exited = once(this.child, 'close').then(([code, signal]: unknown[]) => ({ code, signal }) as Exit)
    void this.exited.then(() => this.notifyWatchers())
    this.endWithTests()
  }

  /** Runs the program to its end. */
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

  /**
   * Waits for the end of the program. If it takes too long, the program is killed.
   *
   * @throws {Error} when the program had to be killed
   */
  async ending(): Promise<Exit> {
    try {
      return await within(this.exited, () => `the end of the program: it printed ${JSON.stringify(this.stderr)}`)
    } catch (error) {
      this.kill('SIGKILL')
      throw error
    }
  }

  /**
   * Waits until a search in the output succeeds.
   *
   * @param find returns what it finds in the whole output so far, `null` or `undefined` while that is missing
   * @throws {Error} when the program ends before that, or it takes too long
   */
  printed<T>(stream: 'stdout' | 'stderr', find: (text: string) => T | null | undefined): Promise<T> {
    const found = new Promise<T>((resolve, reject) => {
      const look = (): void => {
        const value = find(this[stream])
        if (value === null || value === undefined) {
          if (this.isRunning) return
          reject(new Error(`Cannot find the wanted output: the program ended with ${JSON.stringify(this.stderr)}`))
        } else {
          resolve(value)
        }
        this.watchers.delete(look)
      }
      this.watchers.add(look)
      look()
    })
    return within(found, () => `output on ${stream}: found ${JSON.stringify(this[stream].slice(-2000))}`)
  }

  private collect(stream: 'stdout' | 'stderr'): void {
    this.child[stream]!.setEncoding('utf8').on('data', (text: string) => {
      this[stream] += text
      this.notifyWatchers()
    })
  }

  /** Lets the tests end while the program still runs, and the program with them. */
  private endWithTests(): void {
    this.child.unref()
    for (const stream of [this.child.stdout, this.child.stderr]) (stream as Socket).unref()
    running.add(this.child)
    void this.exited.then(() => running.delete(this.child))
  }

  private notifyWatchers(): void {
    for (const watcher of [...this.watchers]) watcher()
  }
}
