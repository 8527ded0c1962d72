import type { SocketKind } from '../serving/sockets.js'

/** The configuration in effect, checked: every key has a value of its type and range. Durations are milliseconds. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly engine: 'selectors' | 'threadpool'
  /** `auto`: `epoll` where it works. What has TLS is always `net`. */
  readonly socket: 'auto' | SocketKind
  /** How often `epoll` sockets look by themselves, should nothing wake the event loop. */
  readonly selectTimeoutMs: number
  /** Server processes that share the port; `auto`: one per core. 1: this process alone, without a supervisor. */
  readonly workers: number | 'auto'
  /** How long a worker process may leave its heartbeat unanswered before it is replaced. */
  readonly workerTimeoutMs: number
  readonly threadpool: {
    /** Handler threads; `auto`: one per core, at least 2. */
    readonly workers: number | 'auto'
    /** Requests that may wait for a thread. */
    readonly queueSize: number
    /** The longest that one may wait. */
    readonly queueTimeoutMs: number
    /** Requests that one thread has at once: asynchronous handlers run beside each other. */
    readonly concurrency: number
    /** Octets of V8 heap that a thread may take, and of external memory (`Buffer`) likewise. */
    readonly memoryBytes: number
  }
  /** Of all worker processes together. */
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
  readonly fileCache: {
    /** Files that are kept open, in each process; 0: none. */
    readonly files: number
    /** For how long what was found at a path is taken to be there. */
    readonly validMs: number
  }
  /** Routes for who looks after the server: `/_metrics`, `/_dashboard`, and those of plugins that say so. */
  readonly admin: {
    /** Where they answer: among all others, on an address of their own by plain HTTP, or nowhere. */
    readonly listener: 'same' | 'separate' | 'off'
    readonly host: string
    readonly port: number
    /** Who asks has to have it; empty: everyone may. */
    readonly token: string
  }
  readonly tls: TlsSettings
  readonly log: {
    readonly format: 'plain' | 'json'
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
    readonly access: boolean
  }
}

/** HTTPS. Files are absolute paths. */
export interface TlsSettings {
  readonly enabled: boolean
  /** Whether HTTPS stands instead of the plain listener, not beside it. */
  readonly only: boolean
  readonly port: number
  /** The certificate that answers for every name that no other has: PEM, with what it is signed by behind it. */
  readonly certFile: string | null
  readonly keyFile: string | null
  /** Of every encrypted key that has none of its own; empty: none. */
  readonly passphrase: string
  readonly passphraseFile: string | null
  /** Further certificates: each answers for the names that it is made out to. */
  readonly certificates: readonly CertificateFiles[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly clientAuth: 'none' | 'request' | 'require'
  /** Who client certificates are signed by: PEM. */
  readonly clientCaFile: string | null
  readonly handshakeTimeoutMs: number
  /** Handshakes under way, in each process. */
  readonly maxHandshakes: number
  /** How long sessions can be resumed, and one key encrypts their tickets. */
  readonly ticketLifetimeMs: number
  /** How often files are looked at; 0: only on demand. */
  readonly watchIntervalMs: number
  readonly redirectHttp: boolean
  /** Empty: the host that the request names. */
  readonly redirectHost: string
  /** A folder whose files answer `/.well-known/acme-challenge/`. */
  readonly acmeDirectory: string | null
  /** The `Strict-Transport-Security` field of responses over TLS; empty leaves it out. */
  readonly hsts: string
}

/** A certificate and its key. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly passphraseFile: string | null
}

/** How a key is set on the command line. */
export interface SettingsFlag {
  /** Such as `--port`. */
  readonly name: string
  /** What stands after it in the help, such as `PORT`. */
  readonly value: string
  /**
   * What its text must look like: anything, decimal digits, seconds with up to three decimals, or one of these words. A
   * `switch` has none: it turns the key on, and `--no-…` turns it off.
   */
  readonly form: 'text' | 'number' | 'seconds' | 'switch' | readonly string[]
  /** The heading it stands under in the help. */
  readonly group: string
}

/** What can be known of a key without loading anything. */
export interface SettingsKey {
  /** Dotted, such as `limits.fields`. */
  readonly key: string
  readonly meaning: string
  /** The variable's name. */
  readonly environment: string
  /** For people; durations are milliseconds. */
  readonly default: string
  /** What it takes; completes "wanted …". */
  readonly wanted: string
  readonly flag: SettingsFlag | null
}

/** One key's value, as somebody gave it on the command line. */
export interface GivenSetting {
  readonly key: string
  /** As an environment variable of this key would have it: durations are milliseconds. */
  readonly text: string
  /** For people, such as `flag --port`. */
  readonly origin: string
  /** Whether a list is added to instead of replaced. */
  readonly adds: boolean
}

/** Where to look for settings. */
export interface SettingsRequest {
  /** Stronger than everything else; a later one is stronger than an earlier one. */
  readonly given: readonly GivenSetting[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `null`: no file is read. */
  readonly configFile: string | null
}

/** One key of the configuration in effect. */
export interface EffectiveSetting {
  readonly key: string
  /** Of a secret, only whether there is one. */
  readonly value: unknown
  /** What `null` stands for, for people. */
  readonly absent: string
  /** What a value that leaves it open has come to, and why. */
  readonly inUse?: string
  /** `default`, `file config/x.yaml`, `environment PORT`, `flag --port`. */
  readonly origin: string
}

/** Something wrong with the configuration. */
export interface SettingsProblem {
  /** The key, or the file when it cannot be read. */
  readonly key: string
  readonly found: string
  readonly wanted: string
  readonly origin: string
}

/** The settings and where each came from, or everything that is wrong with them. */
export type LoadedSettings =
  | { readonly settings: Settings; readonly effective: readonly EffectiveSetting[] }
  | { readonly problems: readonly SettingsProblem[] }

/** Where the settings come from: flags, then the environment, then a file, then defaults. */
export interface SettingsSource {
  /** Every key there is, in the order of the documentation. */
  readonly keys: readonly SettingsKey[]
  /** Never throws for what is wrong with the configuration: that is a problem, and all problems come at once. */
  load(request: SettingsRequest): Promise<LoadedSettings>
}
