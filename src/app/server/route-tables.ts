import { RouteTable } from '../../domain/routing/route-table.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { PluginRoute } from '../../ports/plugins/plugin-source.js'
import { guarded } from './admin-guard.js'

/** The routes of a server's listeners. */
export interface RouteTables {
  /** The routes that the plain and the HTTPS listener serve. */
  readonly main: RouteTable<PluginRoute>
  /** The routes that the separate admin listener serves. */
  readonly admin: RouteTable<PluginRoute>
}

/** Divides the routes between the listeners, as `admin.listener` says, and guards the admin routes with the token. */
export function routeTables(routes: readonly PluginRoute[], { listener, token }: Settings['admin']): RouteTables {
  const answering = guarded(routes, token)
  const main = tableOf(listener === 'same' ? answering : answering.filter(({ admin }) => !admin))
  const separate = listener === 'separate' ? answering.filter(({ admin }) => admin) : []
  return { main, admin: tableOf(separate, main.names.length + 1) }
}

/** @param firstIndex of the table's first route: a route's index is unique in its server */
function tableOf(routes: readonly PluginRoute[], firstIndex = 1): RouteTable<PluginRoute> {
  const entries = routes.map((route) => ({ method: route.method, pattern: route.pattern, value: route }))
  return new RouteTable(entries, firstIndex)
}
