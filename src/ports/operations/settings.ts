import type { SocketKind } from '../serving/sockets.js'

/** The checked configuration in effect: every key has a value of its type and range. Durations are in milliseconds. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly engine: 'selectors' | 'threadpool'
  /** `auto`: `epoll` where it works. HTTPS always uses `net`. */
  readonly socket: 'auto' | SocketKind
  /** The longest time between two polls of `epoll` sockets. */
  readonly selectTimeoutMs: number
  /** Server processes that share the port; `auto`: one per core. 1: only this process, without a supervisor. */
  readonly workers: number | 'auto'
  /** The time without a heartbeat after which a worker process is replaced. */
  readonly workerTimeoutMs: number
  readonly threadpool: {
    /** Handler threads; `auto`: one per core, at least 2. */
    readonly workers: number | 'auto'
    /** Requests that may wait for a thread. */
    readonly queueSize: number
    /** The longest time that a request may wait. */
    readonly queueTimeoutMs: number
    /** Requests that one thread handles at once, if its handlers are asynchronous. */
    readonly concurrency: number
    /** Bytes of V8 heap that a thread may use, and as many bytes of external memory (`Buffer`). */
    readonly memoryBytes: number
  }
  /** Connections of all worker processes together. */
  readonly maxConnections: number
  readonly keepAliveTimeoutMs: number
  readonly lingerTimeoutMs: number
  /** 0: no limit. */
  readonly maxKeepAliveRequests: number
  readonly headTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly handlerTimeoutMs: number
  /** Bytes per second; 0: off. */
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
    /** One section per plugin, by plugin name; the plugin reads it as `context.settings`. */
    readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    /** Names of shipped plugins to leave out. */
    readonly without: readonly string[]
  }
  readonly static: {
    /** An absolute path; `null`: the shipped sample. */
    readonly root: string | null
    /** Begins and ends with `/`. */
    readonly prefix: string
    /** The `Cache-Control` field of files; empty: no field. */
    readonly cacheControl: string
    /** Whether the `.br` or `.gz` sibling of a file is sent to clients that accept it. */
    readonly precompressed: boolean
  }
  readonly fileCache: {
    /** Files that each process keeps open; 0: none. */
    readonly files: number
    /** How long an open file is used before its path is looked up again. */
    readonly validMs: number
  }
  /** Admin routes: `/_metrics`, `/_dashboard`, and the routes that plugins mark as such. */
  readonly admin: {
    /** Where they answer: on every listener, only on a separate address over plain HTTP, or nowhere. */
    readonly listener: 'same' | 'separate' | 'off'
    readonly host: string
    readonly port: number
    /** The bearer token that they require; empty: none. */
    readonly token: string
  }
  readonly tls: TlsSettings
  readonly log: {
    readonly format: 'plain' | 'json'
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
    readonly access: boolean
  }
}

/** The settings of HTTPS. Paths are absolute. */
export interface TlsSettings {
  readonly enabled: boolean
  /** Whether only HTTPS is served, without plain HTTP. */
  readonly only: boolean
  readonly port: number
  /**
   * The default certificate, for every name that no other certificate has: PEM, followed by its intermediate
   * certificates.
   */
  readonly certFile: string | null
  readonly keyFile: string | null
  /** The passphrase of every encrypted key without its own passphrase file; empty: none. */
  readonly passphrase: string
  readonly passphraseFile: string | null
  /** Further certificates. Each serves the names that it is issued for. */
  readonly certificates: readonly CertificateFiles[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly clientAuth: 'none' | 'request' | 'require'
  /** PEM: the CA certificates that must have signed client certificates. */
  readonly clientCaFile: string | null
  readonly handshakeTimeoutMs: number
  /** Handshakes in progress in each process. */
  readonly maxHandshakes: number
  /** How long a session can be resumed; also the interval at which the ticket key changes. */
  readonly ticketLifetimeMs: number
  /** The interval between checks of the files; 0: only on SIGHUP. */
  readonly watchIntervalMs: number
  readonly redirectHttp: boolean
  /** The host in the redirect; empty: the requested host. */
  readonly redirectHost: string
  /** A folder whose files answer `/.well-known/acme-challenge/`. */
  readonly acmeDirectory: string | null
  /** The `Strict-Transport-Security` field of HTTPS responses; empty: no field. */
  readonly hsts: string
}

/** The paths of a certificate and its private key. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly passphraseFile: string | null
}

/** The flag that sets a key on the command line. */
export interface SettingsFlag {
  /** Such as `--port`. */
  readonly name: string
  /** The placeholder of its value in the help, such as `PORT`. */
  readonly value: string
  /**
   * The form of its value: any text, decimal digits, seconds with up to three decimals, or one of a list of words. A
   * `switch` has no value: it turns the key on, and `--no-…` turns it off.
   */
  readonly form: 'text' | 'number' | 'seconds' | 'switch' | readonly string[]
  /** Its heading in the help. */
  readonly group: string
}

/** Describes a key. */
export interface SettingsKey {
  /** Dotted, such as `limits.fields`. */
  readonly key: string
  /** One phrase for the help and the documentation. */
  readonly meaning: string
  /** The name of its environment variable. */
  readonly environment: string
  /** Its default as text for people; durations are in milliseconds. */
  readonly default: string
  /** The values that it accepts; completes "wanted …". */
  readonly wanted: string
  readonly flag: SettingsFlag | null
}

/** The value of a key from the command line. */
export interface GivenSetting {
  readonly key: string
  /** Its text in the form of an environment variable: durations are in milliseconds. */
  readonly text: string
  /** Where it is from, for people: such as `flag --port`. */
  readonly origin: string
  /** Whether it is appended to the key's list, instead of replacing it. */
  readonly adds: boolean
}

/** The sources to load settings from. */
export interface SettingsRequest {
  /** Settings of the command line. They override every other source; a later one overrides an earlier one. */
  readonly given: readonly GivenSetting[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `null`: no file is read. */
  readonly configFile: string | null
}

/** One key of the configuration in effect. */
export interface EffectiveSetting {
  readonly key: string
  /** The value; for a secret only `(secret)`. */
  readonly value: unknown
  /** The meaning of `null`, for people. */
  readonly absent: string
  /** The result of a value such as `auto`, and the reason. */
  readonly inUse?: string
  /** `default`, `file config/x.yaml`, `environment PORT`, `flag --port`. */
  readonly origin: string
}

/** Something wrong with the configuration. */
export interface SettingsProblem {
  /** The key; or the path of the file, when it cannot be read. */
  readonly key: string
  readonly found: string
  readonly wanted: string
  readonly origin: string
}

/** The settings and where each came from, or everything that is wrong with them. */
export type LoadedSettings =
  | { readonly settings: Settings; readonly effective: readonly EffectiveSetting[] }
  | { readonly problems: readonly SettingsProblem[] }

/** Loads settings from flags, the environment, a file and defaults; the first of these that sets a key wins. */
export interface SettingsSource {
  /** All keys, in the order of the documentation. */
  readonly keys: readonly SettingsKey[]
  /** Returns everything that is wrong with the configuration at once, and never throws for it. */
  load(request: SettingsRequest): Promise<LoadedSettings>
}
