import type {
  EffectiveSetting,
  GivenSetting,
  LoadedSettings,
  Settings,
  SettingsKey,
  SettingsProblem,
  SettingsRequest,
  SettingsSource,
} from '../../src/ports/operations/settings.js'

/** The checked configuration with all defaults, as on a terminal. */
export const DEFAULT_SETTINGS: Settings = {
  host: '127.0.0.1',
  port: 8080,
  engine: 'selectors',
  socket: 'auto',
  selectTimeoutMs: 1000,
  workers: 1,
  workerTimeoutMs: 5000,
  threadpool: {
    workers: 'auto',
    queueSize: 256,
    queueTimeoutMs: 5000,
    concurrency: 64,
    memoryBytes: 536_870_912,
  },
  maxConnections: 10_000,
  keepAliveTimeoutMs: 75_000,
  lingerTimeoutMs: 5000,
  maxKeepAliveRequests: 1000,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  writeTimeoutMs: 30_000,
  handlerTimeoutMs: 30_000,
  minRate: 500,
  minRateGraceMs: 10_000,
  idleSweepIntervalMs: 1000,
  drain: { noticeMs: 0, timeoutMs: 30_000, pollIntervalMs: 50 },
  readChunkSize: 65_536,
  writeChunkSize: 65_536,
  limits: { headerBytes: 16_384, fields: 100, targetLength: 8192, bodyBytes: 1_048_576, requestBytes: 2_097_152 },
  expectContinue: true,
  serverName: 'Portico',
  plugins: { directory: null, settings: {}, without: [] },
  static: { root: null, prefix: '/static/', cacheControl: 'no-cache', precompressed: true },
  fileCache: { files: 512, validMs: 1000 },
  admin: { listener: 'same', host: '127.0.0.1', port: 8081, token: '' },
  tls: {
    enabled: false,
    only: false,
    port: 8443,
    certFile: null,
    keyFile: null,
    passphrase: '',
    passphraseFile: null,
    certificates: [],
    minVersion: 'TLSv1.2',
    clientAuth: 'none',
    clientCaFile: null,
    handshakeTimeoutMs: 10_000,
    maxHandshakes: 1000,
    ticketLifetimeMs: 3_600_000,
    watchIntervalMs: 1000,
    redirectHttp: false,
    redirectHost: '',
    acmeDirectory: null,
    hsts: '',
  },
  log: { format: 'plain', level: 'info', access: true },
}

const key = (name: 'host' | 'port', environment: string, wanted: string, form: 'text' | 'number'): SettingsKey => ({
  key: name,
  meaning: `the ${name}`,
  environment,
  default: String(DEFAULT_SETTINGS[name]),
  wanted,
  flag: { name: `--${name}`, value: name.toUpperCase(), form, group: 'Listening:' },
})

/** A source of settings with two keys and without files. It records its requests. */
export class FakeSettings implements SettingsSource {
  readonly keys = [key('host', 'HOST', 'a host', 'text'), key('port', 'PORT', 'a number', 'number')]
  readonly requests: SettingsRequest[] = []

  load(request: SettingsRequest): Promise<LoadedSettings> {
    this.requests.push(request)
    const given = [...this.fromEnvironment(request), ...request.given]
    const problems = given.flatMap((each) => this.problemOf(each))
    if (problems.length > 0) return Promise.resolve({ problems })
    const effective = this.keys.map((each) => effectiveOf(each, given))
    return Promise.resolve({ settings: { ...DEFAULT_SETTINGS, ...valuesOf(effective) }, effective })
  }

  private fromEnvironment({ environment }: SettingsRequest): GivenSetting[] {
    return this.keys.flatMap((each) => {
      const text = environment[each.environment]
      return text === undefined ? [] : [{ key: each.key, text, origin: `environment ${each.environment}`, adds: false }]
    })
  }

  private problemOf({ key: name, text, origin }: GivenSetting): SettingsProblem[] {
    const known = this.keys.find((each) => each.key === name)
    if (known === undefined) return [{ key: name, found: text, wanted: 'a key that exists', origin }]
    return name === 'port' && !/^\d+$/.test(text) ? [{ key: name, found: text, wanted: known.wanted, origin }] : []
  }
}

function effectiveOf({ key: name, default: text }: SettingsKey, given: readonly GivenSetting[]): EffectiveSetting {
  const last = given.findLast((each) => each.key === name) ?? { text, origin: 'default' }
  return { key: name, value: name === 'port' ? Number(last.text) : last.text, absent: 'none', origin: last.origin }
}

const valuesOf = (effective: readonly EffectiveSetting[]): Partial<Settings> =>
  Object.fromEntries(effective.map(({ key: name, value }) => [name, value]))
