import type { Schema } from 'convict'
import type { Settings, SettingsFlag, TlsSettings } from '../../ports/operations/settings.js'
import {
  BEARER_TOKEN,
  CERTIFICATES,
  FIELD_VALUE,
  FILE,
  FOLDER,
  LISTENING_HOST,
  HOST_OR_NOTHING,
  HSTS,
  integer,
  integerOrAuto,
  type Kind,
  milliseconds,
  NAMES,
  octets,
  oneOf,
  PATH_PREFIX,
  SECRET,
  SECTIONS,
  YES_OR_NO,
} from './kinds.js'

/**
 * A key: what convict keeps of it, and what flags, messages and documentation need to know. Its `kind` stands in the
 * place of convict's `format`, which is asked too late: after convict has read the text in its own lenient way. Hence a
 * format that takes everything as it is; without one, convict makes what it is given a value of the default's type.
 */
export interface KeySchema<T> {
  readonly kind: Kind
  readonly default: T
  readonly env: string
  readonly doc: string
  /** Where the value itself would not tell. */
  readonly defaultText?: string
  readonly flag?: SettingsFlag
  /** Whether its value is shown to nobody. */
  readonly secret?: true
}

const key = <T>(schema: KeySchema<T>): KeySchema<T> & { readonly format: '*' } => ({ ...schema, format: '*' })

const flag = (group: string, name: string, value: string, form: SettingsFlag['form'] = 'text'): SettingsFlag => ({
  name,
  value,
  form,
  group,
})

const KIB = 1024
const MIB = 1024 * KIB
/** What one buffer for reading may take; a connection holds more only while a peer is slow. */
const MOST_CHUNK = 16 * MIB
const MOST_HEAD = 16 * MIB

/** Of processes or threads: no machine has more cores. */
const MOST_WORKERS = 1024
/** Node and the plugins themselves take some of it. */
const LEAST_THREAD_MEMORY = 16 * MIB
const MOST_THREAD_MEMORY = MIB * MIB

const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const CLIENT_AUTH = ['none', 'request', 'require'] as const
const HTTPS = 'HTTPS:'
/** TLS 1.3 allows tickets no longer life (RFC 8446 §4.6.1). */
const LONGEST_TICKET_MS = 7 * 24 * 60 * 60 * 1000

const ENGINES = ['selectors', 'threadpool'] as const
const SOCKETS = ['auto', 'epoll', 'net'] as const
const ADMIN_LISTENERS = ['same', 'separate', 'off'] as const
const FORMATS = ['plain', 'json'] as const
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/**
 * Every key there is: the one place that knows its kind, default, variable and flag. The type makes a key that
 * `Settings` has and this lacks an error of compilation.
 *
 * @param terminal whether a person reads standard output
 */
export const settingsSchema = (terminal: boolean) =>
  ({
    host: key({
      kind: LISTENING_HOST,
      default: '127.0.0.1',
      env: 'HOST',
      doc: 'address to listen on, or unix: and the path of a socket',
      flag: flag('Listening:', '--host', 'HOST'),
    }),
    port: key({
      kind: integer(0, 65535),
      default: 8080,
      env: 'PORT',
      doc: 'port to listen on; 0 picks a free one, and the banner tells it',
      flag: flag('Listening:', '--port', 'PORT', 'number'),
    }),
    engine: key<Settings['engine']>({
      kind: oneOf(ENGINES),
      default: 'selectors',
      env: 'PORTICO_SERVER_ENGINE',
      doc: 'where handlers run: selectors, in the event loop; threadpool, in threads',
      flag: flag('Engine and processes:', '--engine', ENGINES.join('|'), ENGINES),
    }),
    socket: key<Settings['socket']>({
      kind: oneOf(SOCKETS),
      default: 'auto',
      env: 'PORTICO_SOCKET',
      doc: 'sockets without TLS: epoll, of Linux through koffi; net, of Node; auto: epoll where it works',
      flag: flag('Engine and processes:', '--socket', SOCKETS.join('|'), SOCKETS),
    }),
    selectTimeoutMs: key({
      kind: milliseconds(10),
      default: 1000,
      env: 'PORTICO_SELECT_TIMEOUT_MS',
      doc: 'longest that epoll sockets wait for the event loop to be woken before they look by themselves',
    }),
    workers: key<Settings['workers']>({
      kind: integerOrAuto(1, MOST_WORKERS),
      default: 1,
      env: 'PORTICO_WORKERS',
      doc: 'server processes that share the port; auto: one per core',
      flag: flag('Engine and processes:', '--workers', 'NUMBER|auto'),
    }),
    workerTimeoutMs: key({
      kind: milliseconds(100),
      default: 5000,
      env: 'PORTICO_WORKER_TIMEOUT_MS',
      doc: 'silence after which a server process is replaced',
    }),
    threadpool: {
      workers: key<Settings['threadpool']['workers']>({
        kind: integerOrAuto(1, MOST_WORKERS),
        default: 'auto',
        defaultText: 'one per core, at least 2',
        env: 'PORTICO_WORKER_COUNT',
        doc: 'handler threads of each process',
      }),
      queueSize: key({
        kind: integer(0, 1_000_000),
        default: 256,
        env: 'PORTICO_REQUEST_QUEUE_SIZE',
        doc: 'requests that may wait for a thread; beyond it 503',
      }),
      queueTimeoutMs: key({
        kind: milliseconds(1),
        default: 5000,
        env: 'PORTICO_QUEUE_TIMEOUT_MS',
        doc: 'longest wait for a thread; then 503',
      }),
      concurrency: key({
        kind: integer(1, 10_000),
        default: 64,
        env: 'PORTICO_THREAD_CONCURRENCY',
        doc: 'requests that a thread handles at once; one that only waits for its peer does not count',
      }),
      memoryBytes: key({
        kind: octets(LEAST_THREAD_MEMORY, MOST_THREAD_MEMORY),
        default: 512 * MIB,
        env: 'PORTICO_THREAD_MEMORY',
        doc: 'octets of heap, and of buffers likewise; a thread beyond it is replaced',
      }),
    },
    maxConnections: key({
      kind: integer(1, 1_000_000),
      default: 10_000,
      env: 'PORTICO_MAX_ACTIVE_CONNECTIONS',
      doc: 'open connections of all processes together; beyond it 503 and close',
      flag: flag('Connections:', '--max-connections', 'NUMBER', 'number'),
    }),
    keepAliveTimeoutMs: key({
      kind: milliseconds(1),
      default: 75_000,
      env: 'PORTICO_KEEPALIVE_TIMEOUT_MS',
      doc: 'how long a connection may be idle between requests',
      flag: flag('Connections:', '--keepalive-timeout', 'SECONDS', 'seconds'),
    }),
    maxKeepAliveRequests: key({
      kind: integer(0, 1_000_000_000),
      default: 1000,
      env: 'PORTICO_MAX_KEEPALIVE_REQUESTS',
      doc: 'requests on one connection; 0: no bound',
    }),
    headTimeoutMs: key({
      kind: milliseconds(1),
      default: 10_000,
      env: 'PORTICO_HEAD_TIMEOUT_MS',
      doc: 'time for a whole request head',
    }),
    bodyTimeoutMs: key({
      kind: milliseconds(1),
      default: 30_000,
      env: 'PORTICO_BODY_TIMEOUT_MS',
      doc: 'longest stall in a request body',
    }),
    writeTimeoutMs: key({
      kind: milliseconds(1),
      default: 30_000,
      env: 'PORTICO_WRITE_TIMEOUT_MS',
      doc: 'longest stall of a peer that reads a response',
    }),
    handlerTimeoutMs: key({
      kind: milliseconds(1),
      default: 30_000,
      env: 'PORTICO_HANDLER_TIMEOUT_MS',
      doc: 'time for a handler to answer; then 504',
    }),
    minRate: key({
      kind: integer(0, 1_000_000_000),
      default: 500,
      env: 'PORTICO_MIN_RATE',
      doc: 'octets per second below which a sending or reading peer is cut; 0: off',
    }),
    minRateGraceMs: key({
      kind: milliseconds(0),
      default: 10_000,
      env: 'PORTICO_MIN_RATE_GRACE_MS',
      doc: 'time before minRate counts',
    }),
    idleSweepIntervalMs: key({
      kind: milliseconds(1),
      default: 1000,
      env: 'PORTICO_IDLE_SWEEP_INTERVAL_MS',
      doc: 'how often deadlines are looked at',
    }),
    drain: {
      noticeMs: key({
        kind: milliseconds(0),
        default: 0,
        env: 'PORTICO_DRAIN_NOTICE_MS',
        doc: 'how long a drain is announced before the listener closes',
      }),
      timeoutMs: key({
        kind: milliseconds(0),
        default: 30_000,
        env: 'PORTICO_DRAIN_TIMEOUT_MS',
        doc: 'how long requests may finish in a drain before they are cut',
        flag: flag('Connections:', '--drain-timeout', 'SECONDS', 'seconds'),
      }),
      pollIntervalMs: key({
        kind: milliseconds(1),
        default: 50,
        env: 'PORTICO_DRAIN_POLL_INTERVAL_MS',
        doc: 'how often a drain looks whether it is done',
      }),
    },
    readChunkSize: key({
      kind: octets(64, MOST_CHUNK),
      default: 64 * KIB,
      env: 'PORTICO_READ_CHUNK_SIZE',
      doc: 'octets per read',
    }),
    writeChunkSize: key({
      kind: octets(64, MOST_CHUNK),
      default: 64 * KIB,
      env: 'PORTICO_WRITE_CHUNK_SIZE',
      doc: 'octets per piece of a file',
    }),
    limits: {
      headerBytes: key({
        kind: octets(64, MOST_HEAD),
        default: 16 * KIB,
        env: 'PORTICO_MAX_HEADER_BYTES',
        doc: 'octets of a request head; beyond it 431',
      }),
      fields: key({
        kind: integer(1, 100_000),
        default: 100,
        env: 'PORTICO_MAX_HEADER_FIELDS',
        doc: 'field lines of a request head; beyond it 431',
      }),
      targetLength: key({
        kind: octets(1, MOST_HEAD),
        default: 8 * KIB,
        env: 'PORTICO_MAX_TARGET_LENGTH',
        doc: 'octets of a request target; beyond it 414',
      }),
      bodyBytes: key({
        kind: octets(0, Number.MAX_SAFE_INTEGER),
        default: MIB,
        env: 'PORTICO_MAX_BODY_BYTES',
        doc: 'octets of request content; beyond it 413',
      }),
      requestBytes: key({
        kind: octets(1, Number.MAX_SAFE_INTEGER),
        default: 2 * MIB,
        env: 'PORTICO_MAX_REQUEST_BYTES',
        doc: 'octets of a whole request as framed; beyond it 413',
      }),
    },
    expectContinue: key({
      kind: YES_OR_NO,
      default: true,
      env: 'PORTICO_ENABLE_EXPECT_CONTINUE',
      doc: 'answer Expect: 100-continue',
    }),
    serverName: key({
      kind: FIELD_VALUE,
      default: 'Portico',
      env: 'PORTICO_SERVER_NAME',
      doc: 'the Server field; empty leaves it out',
    }),
    plugins: {
      directory: key<string | null>({
        kind: FOLDER,
        default: null,
        defaultText: 'the shipped plugins',
        env: 'PORTICO_PLUGINS',
        doc: 'folder that handlers are loaded from',
        flag: flag('Handlers and files:', '--plugins', 'DIR'),
      }),
      settings: key<Settings['plugins']['settings']>({
        kind: SECTIONS,
        default: {},
        defaultText: 'none',
        env: 'PORTICO_PLUGINS_SETTINGS',
        doc: 'a section for each plugin, by its name (JSON5 outside a file)',
      }),
      without: key<readonly string[]>({
        kind: NAMES,
        default: [],
        defaultText: 'none',
        env: 'PORTICO_PLUGINS_WITHOUT',
        doc: 'names of shipped plugins that are left out',
      }),
    },
    static: {
      root: key<string | null>({
        kind: FOLDER,
        default: null,
        defaultText: 'the shipped sample',
        env: 'PORTICO_STATIC_ROOT',
        doc: 'folder whose files are served',
        flag: flag('Handlers and files:', '--static', 'DIR'),
      }),
      prefix: key({
        kind: PATH_PREFIX,
        default: '/static/',
        env: 'PORTICO_STATIC_PREFIX',
        doc: 'path that the files are served under',
      }),
      cacheControl: key({
        kind: FIELD_VALUE,
        default: 'no-cache',
        env: 'PORTICO_STATIC_CACHE_CONTROL',
        doc: 'the Cache-Control field of files; empty leaves it out',
      }),
      precompressed: key({
        kind: YES_OR_NO,
        default: true,
        env: 'PORTICO_STATIC_PRECOMPRESSED',
        doc: 'send .br and .gz siblings to peers that take them',
      }),
    },
    fileCache: {
      files: key({
        kind: integer(0, 1_000_000),
        default: 512,
        env: 'PORTICO_FILE_CACHE_FILES',
        doc: 'files that are kept open, in each process; 0: none',
      }),
      validMs: key({
        kind: milliseconds(1),
        default: 1000,
        env: 'PORTICO_FILE_CACHE_VALID_MS',
        doc: 'how long a kept file is taken to be the one at its path; changes in place are noticed at once',
      }),
    },
    admin: {
      listener: key<Settings['admin']['listener']>({
        kind: oneOf(ADMIN_LISTENERS),
        default: 'same',
        env: 'PORTICO_ADMIN_LISTENER',
        doc: 'where /_metrics and /_dashboard answer: same, where all routes do; separate, on admin.host and admin.port; off, nowhere',
      }),
      host: key({
        kind: LISTENING_HOST,
        default: '127.0.0.1',
        env: 'PORTICO_ADMIN_HOST',
        doc: 'address of the separate listener, or unix: and the path of a socket',
      }),
      port: key({
        kind: integer(0, 65535),
        default: 8081,
        env: 'PORTICO_ADMIN_PORT',
        doc: 'its port; 0 picks a free one, and the banner tells it',
      }),
      token: key({
        kind: BEARER_TOKEN,
        default: '',
        defaultText: 'none',
        env: 'PORTICO_ADMIN_TOKEN',
        doc: 'bearer token that /_metrics and /_dashboard ask for, or a browser as password; at least 16 characters',
        secret: true,
      }),
    },
    tls: {
      enabled: key({
        kind: YES_OR_NO,
        default: false,
        env: 'PORTICO_ENABLE_TLS',
        doc: 'serve HTTPS',
        flag: flag(HTTPS, '--enable-tls', '', 'switch'),
      }),
      only: key({
        kind: YES_OR_NO,
        default: false,
        env: 'PORTICO_TLS_ONLY',
        doc: 'HTTPS instead of the plain listener, not beside it',
      }),
      port: key({
        kind: integer(0, 65535),
        default: 8443,
        env: 'PORTICO_HTTPS_PORT',
        doc: 'port of HTTPS; 0 picks a free one, and the banner tells it',
        flag: flag(HTTPS, '--https-port', 'PORT', 'number'),
      }),
      certFile: key<string | null>({
        kind: FILE,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_TLS_CERT_FILE',
        doc: 'certificate in PEM, with those that sign it behind it',
        flag: flag(HTTPS, '--cert-file', 'FILE'),
      }),
      keyFile: key<string | null>({
        kind: FILE,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_TLS_KEY_FILE',
        doc: 'its private key in PEM',
        flag: flag(HTTPS, '--key-file', 'FILE'),
      }),
      passphrase: key({
        kind: SECRET,
        default: '',
        defaultText: 'none',
        env: 'PORTICO_TLS_PASSPHRASE',
        doc: 'passphrase of encrypted keys',
        secret: true,
      }),
      passphraseFile: key<string | null>({
        kind: FILE,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_TLS_PASSPHRASE_FILE',
        doc: 'file whose first line is the passphrase',
      }),
      certificates: key<TlsSettings['certificates']>({
        kind: CERTIFICATES,
        default: [],
        defaultText: 'none',
        env: 'PORTICO_TLS_CERTIFICATES',
        doc: 'further certificates, each with certFile, keyFile and perhaps passphraseFile (JSON5 outside a file)',
      }),
      minVersion: key<TlsSettings['minVersion']>({
        kind: oneOf(TLS_VERSIONS),
        default: 'TLSv1.2',
        env: 'PORTICO_TLS_MIN_VERSION',
        doc: 'lowest version spoken: TLSv1.2 or TLSv1.3',
      }),
      clientAuth: key<TlsSettings['clientAuth']>({
        kind: oneOf(CLIENT_AUTH),
        default: 'none',
        env: 'PORTICO_TLS_CLIENT_AUTH',
        doc: 'client certificates: none, request or require',
      }),
      clientCaFile: key<string | null>({
        kind: FILE,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_TLS_CLIENT_CA_FILE',
        doc: 'certificates in PEM that client certificates are signed by',
      }),
      handshakeTimeoutMs: key({
        kind: milliseconds(1),
        default: 10_000,
        env: 'PORTICO_TLS_HANDSHAKE_TIMEOUT_MS',
        doc: 'time for a handshake',
      }),
      maxHandshakes: key({
        kind: integer(1, 1_000_000),
        default: 1000,
        env: 'PORTICO_TLS_MAX_HANDSHAKES',
        doc: 'handshakes under way in each process; beyond it the oldest is given up',
      }),
      ticketLifetimeMs: key({
        kind: integer(1000, LONGEST_TICKET_MS, ' of milliseconds'),
        default: 3_600_000,
        env: 'PORTICO_TLS_TICKET_LIFETIME_MS',
        doc: 'how long a session can be resumed; ticket keys change as often',
      }),
      watchIntervalMs: key({
        kind: milliseconds(0),
        default: 1000,
        env: 'PORTICO_TLS_WATCH_INTERVAL_MS',
        doc: 'how often certificate files are looked at for changes; 0: on SIGHUP only',
      }),
      redirectHttp: key({
        kind: YES_OR_NO,
        default: false,
        env: 'PORTICO_REDIRECT_HTTP',
        doc: 'answer plain HTTP with 308 to HTTPS',
        flag: flag(HTTPS, '--redirect-http', '', 'switch'),
      }),
      redirectHost: key({
        kind: HOST_OR_NOTHING,
        default: '',
        defaultText: 'the host that is asked for',
        env: 'PORTICO_REDIRECT_HOST',
        doc: 'host that the redirect leads to',
      }),
      acmeDirectory: key<string | null>({
        kind: FOLDER,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_ACME_DIRECTORY',
        doc: 'folder that answers /.well-known/acme-challenge/, never redirected',
      }),
      hsts: key({
        kind: HSTS,
        default: '',
        defaultText: 'none',
        env: 'PORTICO_TLS_HSTS',
        doc: 'Strict-Transport-Security field of HTTPS responses, such as max-age=31536000',
      }),
    },
    log: {
      format: key<Settings['log']['format']>({
        kind: oneOf(FORMATS),
        default: terminal ? 'plain' : 'json',
        defaultText: 'plain on a terminal, else json',
        env: 'PORTICO_LOG_FORMAT',
        doc: 'how logs are written',
        flag: flag('Logs:', '--log-format', FORMATS.join('|'), FORMATS),
      }),
      level: key<Settings['log']['level']>({
        kind: oneOf(LEVELS),
        default: 'info',
        env: 'PORTICO_LOG_LEVEL',
        doc: `least event that is logged: ${LEVELS.join(', ')}`,
      }),
      access: key({
        kind: YES_OR_NO,
        default: true,
        env: 'PORTICO_LOG_ACCESS',
        doc: 'write a line for each request',
      }),
    },
  }) satisfies Schema<Settings>

/** The keys by dotted name, in the order of the schema. */
export function keysOf(schema: object, prefix = ''): Map<string, KeySchema<unknown>> {
  const keys = new Map<string, KeySchema<unknown>>()
  for (const [name, node] of Object.entries(schema) as [string, object][]) {
    if ('kind' in node) keys.set(prefix + name, node as KeySchema<unknown>)
    else for (const [inner, each] of keysOf(node, `${prefix}${name}.`)) keys.set(inner, each)
  }
  return keys
}
