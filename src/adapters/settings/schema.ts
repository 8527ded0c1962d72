// The table of all keys, about nine lines each. It is long because there are many keys; it holds no logic.
import type { Schema } from 'convict'
import type { Settings, TlsSettings } from '../../ports/operations/settings.js'
import { flag, key } from './key-schema.js'
import {
  BEARER_TOKEN,
  bytes,
  CERTIFICATES,
  FIELD_VALUE,
  FILE,
  FOLDER,
  LISTENING_HOST,
  HOST_OR_NOTHING,
  HSTS,
  integer,
  integerOrAuto,
  milliseconds,
  NAMES,
  oneOf,
  PATH_PREFIX,
  SECRET,
  SECTIONS,
  YES_OR_NO,
} from './kinds.js'

const KIB = 1024
const MIB = 1024 * KIB
/** One read buffer. A connection buffers more only while its peer is slow. */
const MAX_CHUNK = 16 * MIB
const MAX_HEAD = 16 * MIB

/** Processes or threads: no machine has more cores. */
const MAX_WORKERS = 1024
/** Node and the plugins use some of it themselves. */
const MIN_THREAD_MEMORY = 16 * MIB
const MAX_THREAD_MEMORY = MIB * MIB

const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const CLIENT_AUTH = ['none', 'request', 'require'] as const
const HTTPS = 'HTTPS:'
/** The longest ticket lifetime of TLS 1.3 (RFC 8446 §4.6.1). */
const MAX_TICKET_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000

const ENGINES = ['selectors', 'threadpool'] as const
const SOCKETS = ['auto', 'epoll', 'net'] as const
const ADMIN_LISTENERS = ['same', 'separate', 'off'] as const
const FORMATS = ['plain', 'json'] as const
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/**
 * Defines every key: its kind, default, environment variable, description and flag. A key of `Settings` that is missing
 * here does not compile.
 *
 * @param terminal whether standard output is a terminal
 */
export const settingsSchema = (terminal: boolean) =>
  ({
    host: key({
      kind: LISTENING_HOST,
      default: '127.0.0.1',
      env: 'HOST',
      doc: 'address to listen on, or unix: followed by the path of a socket',
      flag: flag('Listening:', '--host', 'HOST'),
    }),
    port: key({
      kind: integer(0, 65535),
      default: 8080,
      env: 'PORT',
      doc: 'port to listen on; 0 picks a free port, which the banner shows',
      flag: flag('Listening:', '--port', 'PORT', 'number'),
    }),
    engine: key<Settings['engine']>({
      kind: oneOf(ENGINES),
      default: 'selectors',
      env: 'PORTICO_SERVER_ENGINE',
      doc: 'where handlers run: selectors (in the event loop) or threadpool (in threads)',
      flag: flag('Engine and processes:', '--engine', ENGINES.join('|'), ENGINES),
    }),
    socket: key<Settings['socket']>({
      kind: oneOf(SOCKETS),
      default: 'auto',
      env: 'PORTICO_SOCKET',
      doc: 'sockets for plain HTTP: epoll (Linux, needs koffi), net (Node), or auto (epoll where it works)',
      flag: flag('Engine and processes:', '--socket', SOCKETS.join('|'), SOCKETS),
    }),
    selectTimeoutMs: key({
      kind: milliseconds(10),
      default: 1000,
      env: 'PORTICO_SELECT_TIMEOUT_MS',
      doc: 'longest time between two polls of the epoll sockets',
    }),
    workers: key<Settings['workers']>({
      kind: integerOrAuto(1, MAX_WORKERS),
      default: 1,
      env: 'PORTICO_WORKERS',
      doc: 'server processes that share the port; auto: one per core',
      flag: flag('Engine and processes:', '--workers', 'NUMBER|auto'),
    }),
    workerTimeoutMs: key({
      kind: milliseconds(100),
      default: 5000,
      env: 'PORTICO_WORKER_TIMEOUT_MS',
      doc: 'time without a heartbeat after which a worker process is replaced',
    }),
    threadpool: {
      workers: key<Settings['threadpool']['workers']>({
        kind: integerOrAuto(1, MAX_WORKERS),
        default: 'auto',
        defaultText: 'one per core, at least 2',
        env: 'PORTICO_WORKER_COUNT',
        doc: 'handler threads in each process',
      }),
      queueSize: key({
        kind: integer(0, 1_000_000),
        default: 256,
        env: 'PORTICO_REQUEST_QUEUE_SIZE',
        doc: 'requests that may wait for a thread; above this, 503',
      }),
      queueTimeoutMs: key({
        kind: milliseconds(1),
        default: 5000,
        env: 'PORTICO_QUEUE_TIMEOUT_MS',
        doc: 'longest wait for a thread; after it, 503',
      }),
      concurrency: key({
        kind: integer(1, 10_000),
        default: 64,
        env: 'PORTICO_THREAD_CONCURRENCY',
        doc: 'requests that one thread handles at once, not counting requests that wait for their peer',
      }),
      memoryBytes: key({
        kind: bytes(MIN_THREAD_MEMORY, MAX_THREAD_MEMORY),
        default: 512 * MIB,
        env: 'PORTICO_THREAD_MEMORY',
        doc: 'bytes of heap, and as many of buffers, that a thread may use; above this, it is replaced',
      }),
    },
    maxConnections: key({
      kind: integer(1, 1_000_000),
      default: 10_000,
      env: 'PORTICO_MAX_ACTIVE_CONNECTIONS',
      doc: 'open connections of all processes together; above this, 503 and close',
      flag: flag('Connections:', '--max-connections', 'NUMBER', 'number'),
    }),
    keepAliveTimeoutMs: key({
      kind: milliseconds(1),
      default: 75_000,
      env: 'PORTICO_KEEPALIVE_TIMEOUT_MS',
      doc: 'how long a connection may be idle between requests',
      flag: flag('Connections:', '--keepalive-timeout', 'SECONDS', 'seconds'),
    }),
    lingerTimeoutMs: key({
      kind: milliseconds(1),
      default: 5000,
      env: 'PORTICO_LINGER_TIMEOUT_MS',
      doc: 'how long a client has to close its side after the server has closed its own',
    }),
    maxKeepAliveRequests: key({
      kind: integer(0, 1_000_000_000),
      default: 1000,
      env: 'PORTICO_MAX_KEEPALIVE_REQUESTS',
      doc: 'requests per connection; 0: no limit',
    }),
    headTimeoutMs: key({
      kind: milliseconds(1),
      default: 10_000,
      env: 'PORTICO_HEAD_TIMEOUT_MS',
      doc: 'time to receive a whole request head',
    }),
    bodyTimeoutMs: key({
      kind: milliseconds(1),
      default: 30_000,
      env: 'PORTICO_BODY_TIMEOUT_MS',
      doc: 'longest pause of a peer that sends a request body',
    }),
    writeTimeoutMs: key({
      kind: milliseconds(1),
      default: 30_000,
      env: 'PORTICO_WRITE_TIMEOUT_MS',
      doc: 'longest pause of a peer that reads a response',
    }),
    handlerTimeoutMs: key({
      kind: milliseconds(1),
      default: 30_000,
      env: 'PORTICO_HANDLER_TIMEOUT_MS',
      doc: 'time for a handler to answer; after it, 504',
    }),
    minRate: key({
      kind: integer(0, 1_000_000_000),
      default: 500,
      env: 'PORTICO_MIN_RATE',
      doc: 'average bytes per second below which a sending or reading peer is disconnected; 0: off',
    }),
    minRateGraceMs: key({
      kind: milliseconds(0),
      default: 10_000,
      env: 'PORTICO_MIN_RATE_GRACE_MS',
      doc: 'time before minRate is enforced',
    }),
    idleSweepIntervalMs: key({
      kind: milliseconds(1),
      default: 1000,
      env: 'PORTICO_IDLE_SWEEP_INTERVAL_MS',
      doc: 'interval between checks of all deadlines',
    }),
    drain: {
      noticeMs: key({
        kind: milliseconds(0),
        default: 0,
        env: 'PORTICO_DRAIN_NOTICE_MS',
        doc: 'how long /readyz announces a drain before the listener closes',
      }),
      timeoutMs: key({
        kind: milliseconds(0),
        default: 30_000,
        env: 'PORTICO_DRAIN_TIMEOUT_MS',
        doc: 'how long a drain lets requests finish before it cuts them off',
        flag: flag('Connections:', '--drain-timeout', 'SECONDS', 'seconds'),
      }),
      pollIntervalMs: key({
        kind: milliseconds(1),
        default: 50,
        env: 'PORTICO_DRAIN_POLL_INTERVAL_MS',
        doc: 'interval at which a drain checks whether it is complete',
      }),
    },
    readChunkSize: key({
      kind: bytes(64, MAX_CHUNK),
      default: 64 * KIB,
      env: 'PORTICO_READ_CHUNK_SIZE',
      doc: 'bytes per read from a connection',
    }),
    writeChunkSize: key({
      kind: bytes(64, MAX_CHUNK),
      default: 64 * KIB,
      env: 'PORTICO_WRITE_CHUNK_SIZE',
      doc: 'bytes per piece of a file',
    }),
    limits: {
      headerBytes: key({
        kind: bytes(64, MAX_HEAD),
        default: 16 * KIB,
        env: 'PORTICO_MAX_HEADER_BYTES',
        doc: 'bytes of a request head; above this, 431',
      }),
      fields: key({
        kind: integer(1, 100_000),
        default: 100,
        env: 'PORTICO_MAX_HEADER_FIELDS',
        doc: 'field lines of a request head; above this, 431',
      }),
      targetLength: key({
        kind: bytes(1, MAX_HEAD),
        default: 8 * KIB,
        env: 'PORTICO_MAX_TARGET_LENGTH',
        doc: 'bytes of a request target; above this, 414',
      }),
      bodyBytes: key({
        kind: bytes(0, Number.MAX_SAFE_INTEGER),
        default: MIB,
        env: 'PORTICO_MAX_BODY_BYTES',
        doc: 'bytes of request content; above this, 413',
      }),
      requestBytes: key({
        kind: bytes(1, Number.MAX_SAFE_INTEGER),
        default: 2 * MIB,
        env: 'PORTICO_MAX_REQUEST_BYTES',
        doc: 'bytes of a whole request, framing included; above this, 413',
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
      doc: 'the Server field; empty: no field',
    }),
    plugins: {
      directory: key<string | null>({
        kind: FOLDER,
        default: null,
        defaultText: 'the shipped plugins',
        env: 'PORTICO_PLUGINS',
        doc: 'folder to load plugins from',
        flag: flag('Handlers and files:', '--plugins', 'DIR'),
      }),
      settings: key<Settings['plugins']['settings']>({
        kind: SECTIONS,
        default: {},
        defaultText: 'none',
        env: 'PORTICO_PLUGINS_SETTINGS',
        doc: 'one section per plugin, by plugin name (JSON5 outside a file)',
      }),
      without: key<readonly string[]>({
        kind: NAMES,
        default: [],
        defaultText: 'none',
        env: 'PORTICO_PLUGINS_WITHOUT',
        doc: 'names of shipped plugins to leave out',
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
        doc: 'path under which the files are served',
      }),
      cacheControl: key({
        kind: FIELD_VALUE,
        default: 'no-cache',
        env: 'PORTICO_STATIC_CACHE_CONTROL',
        doc: 'the Cache-Control field of files; empty: no field',
      }),
      precompressed: key({
        kind: YES_OR_NO,
        default: true,
        env: 'PORTICO_STATIC_PRECOMPRESSED',
        doc: 'send the .br or .gz sibling of a file to clients that accept it',
      }),
    },
    fileCache: {
      files: key({
        kind: integer(0, 1_000_000),
        default: 512,
        env: 'PORTICO_FILE_CACHE_FILES',
        doc: 'files that each process keeps open; 0: none',
      }),
      validMs: key({
        kind: milliseconds(1),
        default: 1000,
        env: 'PORTICO_FILE_CACHE_VALID_MS',
        doc: 'how long an open file is used before its path is looked up again; changes in place are noticed at once',
      }),
    },
    admin: {
      listener: key<Settings['admin']['listener']>({
        kind: oneOf(ADMIN_LISTENERS),
        default: 'same',
        env: 'PORTICO_ADMIN_LISTENER',
        doc: 'where /_metrics and /_dashboard answer: same (with all routes), separate (on admin.host and admin.port) or off',
      }),
      host: key({
        kind: LISTENING_HOST,
        default: '127.0.0.1',
        env: 'PORTICO_ADMIN_HOST',
        doc: 'address of the separate admin listener, or unix: followed by the path of a socket',
      }),
      port: key({
        kind: integer(0, 65535),
        default: 8081,
        env: 'PORTICO_ADMIN_PORT',
        doc: 'port of the separate admin listener; 0 picks a free port, which the banner shows',
      }),
      token: key({
        kind: BEARER_TOKEN,
        default: '',
        defaultText: 'none',
        env: 'PORTICO_ADMIN_TOKEN',
        doc: 'bearer token (in a browser: password) for /_metrics and /_dashboard; at least 16 characters',
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
        doc: 'serve only HTTPS, no plain HTTP',
      }),
      port: key({
        kind: integer(0, 65535),
        default: 8443,
        env: 'PORTICO_HTTPS_PORT',
        doc: 'port for HTTPS; 0 picks a free port, which the banner shows',
        flag: flag(HTTPS, '--https-port', 'PORT', 'number'),
      }),
      certFile: key<string | null>({
        kind: FILE,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_TLS_CERT_FILE',
        doc: 'certificate in PEM, followed by its intermediate certificates',
        flag: flag(HTTPS, '--cert-file', 'FILE'),
      }),
      keyFile: key<string | null>({
        kind: FILE,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_TLS_KEY_FILE',
        doc: 'private key of the certificate, in PEM',
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
        doc: 'further certificates: certFile, keyFile and optionally passphraseFile of each (JSON5 outside a file)',
      }),
      minVersion: key<TlsSettings['minVersion']>({
        kind: oneOf(TLS_VERSIONS),
        default: 'TLSv1.2',
        env: 'PORTICO_TLS_MIN_VERSION',
        doc: 'lowest TLS version accepted: TLSv1.2 or TLSv1.3',
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
        doc: 'CA certificates in PEM that client certificates must be signed by',
      }),
      handshakeTimeoutMs: key({
        kind: milliseconds(1),
        default: 10_000,
        env: 'PORTICO_TLS_HANDSHAKE_TIMEOUT_MS',
        doc: 'time to complete a handshake',
      }),
      maxHandshakes: key({
        kind: integer(1, 1_000_000),
        default: 1000,
        env: 'PORTICO_TLS_MAX_HANDSHAKES',
        doc: 'handshakes in progress in each process; above this, the oldest is dropped',
      }),
      ticketLifetimeMs: key({
        kind: integer(1000, MAX_TICKET_LIFETIME_MS, ' of milliseconds'),
        default: 3_600_000,
        env: 'PORTICO_TLS_TICKET_LIFETIME_MS',
        doc: 'how long a session can be resumed; the ticket key changes at the same interval',
      }),
      watchIntervalMs: key({
        kind: milliseconds(0),
        default: 1000,
        env: 'PORTICO_TLS_WATCH_INTERVAL_MS',
        doc: 'interval between checks of the certificate files for changes; 0: only on SIGHUP',
      }),
      redirectHttp: key({
        kind: YES_OR_NO,
        default: false,
        env: 'PORTICO_REDIRECT_HTTP',
        doc: 'answer plain HTTP with a 308 redirect to HTTPS',
        flag: flag(HTTPS, '--redirect-http', '', 'switch'),
      }),
      redirectHost: key({
        kind: HOST_OR_NOTHING,
        default: '',
        defaultText: 'the requested host',
        env: 'PORTICO_REDIRECT_HOST',
        doc: 'host that the redirect names',
      }),
      acmeDirectory: key<string | null>({
        kind: FOLDER,
        default: null,
        defaultText: 'none',
        env: 'PORTICO_ACME_DIRECTORY',
        doc: 'folder whose files answer /.well-known/acme-challenge/ without a redirect',
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
        defaultText: 'plain on a terminal, otherwise json',
        env: 'PORTICO_LOG_FORMAT',
        doc: 'format of the logs',
        flag: flag('Logs:', '--log-format', FORMATS.join('|'), FORMATS),
      }),
      level: key<Settings['log']['level']>({
        kind: oneOf(LEVELS),
        default: 'info',
        env: 'PORTICO_LOG_LEVEL',
        doc: `lowest level that is logged: ${LEVELS.join(', ')}`,
      }),
      access: key({
        kind: YES_OR_NO,
        default: true,
        env: 'PORTICO_LOG_ACCESS',
        doc: 'log one line for each request',
      }),
    },
  }) satisfies Schema<Settings>
