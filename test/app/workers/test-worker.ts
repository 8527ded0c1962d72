import { Worker, type WorkerService } from '../../../src/app/workers/worker.js'
import type { SupervisedGroup } from '../../../src/app/workers/supervised-group.js'
import type { ConnectionReceiver } from '../../../src/app/workers/connection-receiver.js'
import type { Credentials } from '../../../src/ports/operations/credentials.js'
import type { WorkerConfiguration } from '../../../src/ports/workers/worker-processes.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { FakeChannel } from '../../fakes/fake-channel.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { NET_SOCKETS } from '../../fakes/sockets.js'
import { settled } from '../serving/served.js'
import { countsOf, NOTHING_CUT } from './supervised.js'

export const WORKERS: WorkerConfiguration['workers'] = {
  configured: 2,
  ready: 1,
  lost: { died: 0, unresponsive: 0 },
  reloads: { done: 0, refused: 0 },
  renewals: { done: 0, refused: 0 },
}

export const CONFIGURATION: WorkerConfiguration = {
  worker: 2,
  settings: DEFAULT_SETTINGS,
  addresses: { http: { host: '127.0.0.1', port: 81 }, https: null, admin: null },
  tlsMaterial: null,
  socket: NET_SOCKETS,
  trouble: null,
  workers: WORKERS,
  coloured: false,
}

/** A service that starts and drains at once, unless the test says otherwise. */
class FakeService implements WorkerService {
  readonly calls: string[] = []
  failure: Error | null = null
  started: Promise<void> = Promise.resolve()
  drained: Promise<void> = Promise.resolve()

  readonly server = {
    start: async () => {
      this.calls.push('start')
      await this.started
      if (this.failure !== null) throw this.failure
    },
    drain: () => this.end('drain'),
    retire: () => this.end('retire'),
  }

  counts() {
    return countsOf(3)
  }

  renew(credentials: Credentials): void {
    this.calls.push(`renew ${credentials.certificates[0].label}`)
  }

  async closeLogs(): Promise<void> {
    this.calls.push('closeLogs')
  }

  private async end(call: string) {
    this.calls.push(call)
    await this.drained
    return NOTHING_CUT
  }
}

/** A worker with a fake channel, clock and service. */
export class TestWorker {
  readonly channel = new FakeChannel()
  readonly clock = new FakeClock()
  readonly service = new FakeService()
  readonly worker: Worker
  receiver!: ConnectionReceiver
  group!: SupervisedGroup
  code: number | null = null

  constructor() {
    this.worker = new Worker(this.channel, this.clock, (_, receiver, group) => {
      this.receiver = receiver
      this.group = group
      return this.service
    })
    void this.worker.live().then((code) => (this.code = code))
  }

  /** Starts a worker, and waits until it is ready. */
  static async start(): Promise<TestWorker> {
    const subject = new TestWorker()
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    await settled()
    return subject
  }
}
