import type { ExchangeRecord } from '../../src/ports/serving/access-log.js'

/** An ordinary exchange, but for what is given. */
export function exchangeOf(special: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    thread: 0,
    connection: 3,
    requestId: 'k3j9-1',
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    phase: 'running',
    peer: '127.0.0.1:51234',
    security: null,
    method: 'GET',
    target: '/users/7?full=1',
    route: 1,
    routeName: 'GET /users/:id',
    status: 200,
    bytesIn: 120,
    bytesOut: 512,
    durationMs: 1.5,
    outcome: 'completed',
    ...special,
  }
}

/** A copy of an exchange as it is now, with the values of its getters. */
export function copyOf(exchange: ExchangeRecord): ExchangeRecord {
  const { thread, connection, requestId, trace, phase, peer, method, target, route, routeName, status } = exchange
  const { bytesIn: bytesIn, bytesOut: bytesOut, durationMs, outcome, security } = exchange
  const head = { thread, connection, requestId, trace, phase, peer, method, target, route, routeName }
  return { ...head, security, status, bytesIn, bytesOut, durationMs, outcome }
}
