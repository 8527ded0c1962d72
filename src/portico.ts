/** The package `portico`: starts a server inside another program. */
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

/** A running server. */
export interface RunningServer {
  /** The address of plain HTTP, or with `tls.only` that of HTTPS. */
  readonly address: Address
  /** The address of HTTPS; `null` without HTTPS. */
  readonly secureAddress: Address | null
  /** Finishes the requests that began before, rejects new ones, and resolves when the server has stopped. */
  drain(): Promise<DrainReport>
}

/**
 * Starts a server in this process.
 *
 * @param settings values by their keys, such as `{ port: 0, 'log.access': false }`. Environment variables have no effect.
 *   `workers` must be 1: only the command `portico` has a supervisor for more processes
 * @throws {Error} that lists every problem with the settings or the plugins, or says why the server cannot listen
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
  if (loaded.settings.workers !== 1) throw new Error(problemList([unsupportedWorkers(loaded.settings)]))
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

function unsupportedWorkers({ workers }: Settings): SettingsProblem {
  const found = JSON.stringify(workers)
  return { key: 'workers', found, wanted: '1: an embedded server has only this process', origin: ORIGIN }
}
