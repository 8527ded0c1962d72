import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TemporaryFolder } from './folder.js'
import { freePort } from './free-port.js'
import { describeNeeding } from './needing.js'
import { eventually } from '../../support/waiting.js'

const CONFIGURATION = fileURLToPath(new URL('../../../../deploy/prometheus.yml', import.meta.url))

/** `describe` for tests that need prometheus. */
export const describeWithPrometheus = describeNeeding('prometheus')

/** A sample of a series, as Prometheus returns it. */
interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}

/** Prometheus with our example configuration, which scrapes a server every second. */
export class RunningPrometheus {
  private constructor(
    private readonly origin: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(serverPort: number): Promise<RunningPrometheus> {
    const configuration = readFileSync(CONFIGURATION, 'utf8')
      .replace('127.0.0.1:8080', `127.0.0.1:${serverPort}`)
      .replace(/scrape_interval: \w+/, 'scrape_interval: 1s')
    const folder = new TemporaryFolder({ 'prometheus.yml': configuration })
    const port = await freePort()
    const flags = [`--config.file=${folder.path}/prometheus.yml`, `--storage.tsdb.path=${folder.path}/data`]
    const child = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let printed = ''
    child.stderr.on('data', (text: Buffer) => (printed += text.toString()))
    const origin = `http://127.0.0.1:${port}`
    await eventually('prometheus is ready', async () => {
      if (child.exitCode !== null) throw new Error(`Cannot start prometheus: it printed ${printed}`)
      return (await fetch(`${origin}/-/ready`).catch(() => null))?.ok === true
    })
    return new RunningPrometheus(origin, async () => {
      child.kill('SIGKILL')
      await once(child, 'close')
      folder.remove()
    })
  }

  /** @param query in PromQL */
  async ask(query: string): Promise<readonly Series[]> {
    const response = await fetch(`${this.origin}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { data } = (await response.json()) as { data: { result: readonly Series[] } }
    return data.result
  }

  /** The only value of a query; `null` while it has none. */
  async value(query: string): Promise<number | null> {
    const [only] = await this.ask(query)
    return only === undefined ? null : Number(only.value[1])
  }
}
