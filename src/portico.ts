/** What programs that embed the server import, as `portico`. */
import { loadConfiguration } from './app/configuration.js'
import { configurationSources } from './app/wiring/configuration.js'
import { wireSingleProcess } from './app/wiring/server.js'
import { problemList } from './app/cli/reports.js'
import type { DrainReport } from './domain/lifecycle/drain.js'
import type { Settings, SettingsProblem } from './ports/operations/settings.js'
import type { Address } from './ports/serving/transport.js'

export type { DrainReport } from './domain/lifecycle/drain.js'
export type { Address } from './ports/serving/transport.js'

const ORIGIN = 'argument of startServer'

/** A server at work. */
export interface RunningServer {
  /** Where it serves plain HTTP, or with `tls.only` HTTPS. */
  readonly address: Address
  /** Where it serves HTTPS; `null` when it does not. */
  readonly secureAddress: Address | null
  /** Finishes what was begun, turns away what begins, and resolves when the server has stopped. */
  drain(): Promise<DrainReport>
}

/**
 * Starts a server in this process.
 *
 * @param settings by their keys, such as `{ port: 0, 'log.access': false }`; the environment is not read. `workers`
 *   cannot be had: more processes than this one take a supervisor, which is the program `portico`
 * @throws {Error} that names everything that is wrong with the settings or the plugins, or why it cannot listen
 */
export async function startServer(
  settings: Readonly<Record<string, string | number | boolean>> = {},
): Promise<RunningServer> {
  const given = Object.entries(settings).map(([key, value]) => {
    return { key, text: String(value), origin: ORIGIN, adds: false }
  })
  const request = { given, environment: {}, configFile: null }
  const loaded = await loadConfiguration(configurationSources(), request)
  if ('problems' in loaded) throw new Error(problemList(loaded.problems))
  if (loaded.settings.workers !== 1) throw new Error(problemList([moreThanOne(loaded.settings)]))
  const { server, renewal, closeLogs } = wireSingleProcess(loaded)
  const { http, https } = await server.start().catch(async (error: unknown) => {
    await closeLogs()
    throw error
  })
  renewal?.begin()
  const drain = async (): Promise<DrainReport> => {
    renewal?.stop()
    const report = await server.drain()
    await closeLogs()
    return report
  }
  return { address: http ?? https!, secureAddress: https, drain }
}

function moreThanOne({ workers }: Settings): SettingsProblem {
  const found = JSON.stringify(workers)
  return { key: 'workers', found, wanted: '1: an embedded server is this process alone', origin: ORIGIN }
}
