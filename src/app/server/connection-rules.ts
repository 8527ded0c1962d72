/** The rules that a server's connections follow, made from the settings once at start. */
import type { ConnectionRules } from '../../domain/connection/connection-rules.js'
import type { DeadlineRules } from '../../domain/connection/deadlines.js'
import type { FieldLine } from '../../domain/message/response-fields.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { ListenerName } from '../../ports/serving/transport.js'

/**
 * Makes the protocol rules of a listener's connections.
 *
 * @param methods that the listener's routes know; a request with any other is refused
 * @param secure whether the connections use TLS
 */
export function connectionRules(
  settings: Settings,
  methods: ConnectionRules['methods'],
  secure: boolean,
): ConnectionRules {
  const { limits } = settings
  return {
    limits: {
      headOctets: limits.headerBytes,
      fields: limits.fields,
      targetLength: limits.targetLength,
      contentOctets: limits.bodyBytes,
      requestOctets: limits.requestBytes,
    },
    methods,
    secure,
    expectContinue: settings.expectContinue,
    maxRequests: settings.maxKeepAliveRequests,
    keepAliveSeconds: Math.floor(settings.keepAliveTimeoutMs / 1000),
  }
}

/** The deadlines of every connection. */
export function deadlineRules(settings: Settings): DeadlineRules {
  return {
    keepAliveMs: settings.keepAliveTimeoutMs,
    headMs: settings.headTimeoutMs,
    bodyMs: settings.bodyTimeoutMs,
    writeMs: settings.writeTimeoutMs,
    handlerMs: settings.handlerTimeoutMs,
    lingerMs: settings.lingerTimeoutMs,
    minRate: settings.minRate,
    minRateGraceMs: settings.minRateGraceMs,
  }
}

/** The field lines of every response. `Strict-Transport-Security` must not be sent over plain HTTP (RFC 6797 §7.2). */
export function constantFields({ serverName, tls }: Settings, listener: ListenerName): FieldLine[] {
  const server: FieldLine = ['Server', serverName]
  return listener === 'https' ? [server, ['Strict-Transport-Security', tls.hsts]] : [server]
}
