/** The configuration in effect, checked: every key has a value of its type and range. Durations are milliseconds. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly maxConnections: number
  readonly keepAliveTimeoutMs: number
  /** 0: no bound. */
  readonly maxKeepAliveRequests: number
  readonly headTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly handlerTimeoutMs: number
  /** Octets per second; 0: off. */
  readonly minRate: number
  readonly minRateGraceMs: number
  readonly idleSweepIntervalMs: number
  readonly drain: { readonly noticeMs: number; readonly timeoutMs: number; readonly pollIntervalMs: number }
  readonly readChunkSize: number
  readonly writeChunkSize: number
  readonly limits: {
    readonly headerBytes: number
    readonly fields: number
    readonly targetLength: number
    readonly bodyBytes: number
    readonly requestBytes: number
  }
  readonly expectContinue: boolean
  /** Empty: no `Server` field. */
  readonly serverName: string
  readonly plugins: {
    /** An absolute path; `null`: the shipped plugins. */
    readonly directory: string | null
    /** Sections of single plugins, by plugin name; given to the plugin as `context.settings`. */
    readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    /** Names of shipped plugins that are left out. */
    readonly without: readonly string[]
  }
  readonly static: {
    /** An absolute path; `null`: the shipped sample. */
    readonly root: string | null
    /** Begins and ends with `/`. */
    readonly prefix: string
    /** The `Cache-Control` of files; empty leaves it out. */
    readonly cacheControl: string
    /** Whether `.br` and `.gz` siblings are sent where the peer takes them. */
    readonly precompressed: boolean
  }
  readonly log: {
    readonly format: 'plain' | 'json'
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
    readonly access: boolean
  }
}
