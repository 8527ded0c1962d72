import type { Limits } from '../framing/limits.js'

/** The rules that all connections of a listener share. */
export interface ConnectionRules {
  readonly limits: Limits
  /** Methods that a route or the method registry knows; any other gets 501. */
  readonly methods: ReadonlySet<string>
  /** Whether the connection is TLS. */
  readonly secure: boolean
  /** Whether to answer `Expect: 100-continue` with `100 Continue`. */
  readonly expectContinue: boolean
  /** Maximum number of requests on one connection; 0: no limit. */
  readonly maxRequests: number
  /** How long an idle connection is kept open, as `Keep-Alive` announces it. */
  readonly keepAliveSeconds: number
}
