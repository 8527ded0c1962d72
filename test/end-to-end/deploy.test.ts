import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { describeWithHaproxy, startHaproxy } from './support/haproxy.js'
import { describeWithNginx, startNginx } from './support/nginx.js'
import { parseAllDocuments } from 'yaml'
import { TemporaryFolder } from './support/folder.js'
import { MAIN } from './support/program.js'
import { startServer, type RunningServer } from './support/server.js'
import { SteadyLoad } from './support/steady-load.js'
import { eventually } from '../support/waiting.js'

describeWithHaproxy('two servers behind HAProxy with deploy/haproxy.cfg', () => {
  let servers: [RunningServer, RunningServer]
  let haproxy: Awaited<ReturnType<typeof startHaproxy>>

  // Longer than HAProxy takes for two failed checks.
  const start = (): Promise<RunningServer> =>
    startServer({ flags: ['--set', 'drain.noticeMs=2000', '--set', 'log.access=false'] })

  before(async () => {
    servers = [await start(), await start()]
    haproxy = await startHaproxy([servers[0].port, servers[1].port])
  })
  after(async () => {
    await haproxy.stop()
    for (const server of servers) await server.stop('SIGKILL')
  })

  it('lose no request while one of them is stopped', async () => {
    const load = new SteadyLoad(haproxy.port, 8, () => '/')
    await eventually('both servers answer', () => load.tally.answered > 50)
    const { code } = await servers[0].stop()
    const answeredByBoth = load.tally.answered
    await eventually('the other server answers', () => load.tally.answered > answeredByBoth + 50)
    const { answered, failures } = await load.stop()
    assert.equal(code, 0)
    assert.deepEqual(failures, [])
    assert.isAbove(answered, 100)
  })
})

describeWithNginx('two servers behind nginx with deploy/nginx.conf', () => {
  let servers: [RunningServer, RunningServer]
  let nginx: Awaited<ReturnType<typeof startNginx>>

  before(async () => {
    servers = [await startServer(), await startServer()]
    nginx = await startNginx([servers[0].port, servers[1].port])
  })
  after(async () => {
    await nginx.stop()
    for (const server of servers) await server.stop('SIGKILL')
  })

  it('answer, hide their metrics, and replace each other during a drain', async () => {
    const statuses = async (path: string): Promise<number[]> =>
      Promise.all(Array.from({ length: 8 }, async () => (await fetch(`${nginx.origin}${path}`)).status))
    const all = (status: number): number[] => new Array<number>(8).fill(status)
    assert.deepEqual(await statuses('/'), all(200))
    assert.deepEqual(await statuses('/_metrics'), all(403))
    assert.deepEqual(await statuses('/_dashboard'), all(403))
    await servers[0].stop()
    assert.deepEqual(await statuses('/'), all(200))
  })
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined
const describeWithSystemd: typeof describeWithNginx = (title, define) => {
  if (hasSystemd) describe(title, define)
  else describe.skip(`${title} (skipped: systemd-analyze is missing; install it with: apt-get install systemd)`, define)
}

describeWithSystemd('deploy/portico.service', () => {
  it('is valid for systemd', () => {
    const folder = new TemporaryFolder()
    // systemd only checks that the program exists.
    const unit = readFileSync('deploy/portico.service', 'utf8').replaceAll('/usr/bin/node', process.execPath)
    folder.write('portico.service', unit)
    const printed = execFileSync('systemd-analyze', ['verify', join(folder.path, 'portico.service')], {
      encoding: 'utf8',
    })
    folder.remove()
    assert.equal(printed, '')
  })
})

describe('deploy/kubernetes.yaml', () => {
  interface Pod {
    readonly terminationGracePeriodSeconds: number
    readonly securityContext: { readonly runAsNonRoot: boolean }
    readonly containers: readonly [
      {
        readonly env: readonly { readonly name: string; readonly value: string }[]
        readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
        readonly livenessProbe: { readonly httpGet: { readonly path: string } }
        readonly readinessProbe: { readonly httpGet: { readonly path: string } }
      },
    ]
  }
  const documents = parseAllDocuments(readFileSync('deploy/kubernetes.yaml', 'utf8'))
  const { spec: pod } = (documents[0]!.toJS() as { spec: { template: { spec: Pod } } }).spec.template
  const [container] = pod.containers

  it('gives a pod time for its preStop hook and its drain', () => {
    const { value } = container.env.find(({ name }) => name === 'PORTICO_DRAIN_TIMEOUT_MS')!
    const needed = container.lifecycle.preStop.sleep.seconds + Number(value) / 1000
    assert.isAbove(pod.terminationGracePeriodSeconds, needed)
  })

  it('probes paths that the server answers', () => {
    assert.equal(container.livenessProbe.httpGet.path, '/livez')
    assert.equal(container.readinessProbe.httpGet.path, '/readyz')
  })

  it('sets variables that the server accepts', () => {
    const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'check'], { env: environment, encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  })
})

describe('deploy/Dockerfile', () => {
  const text = readFileSync('deploy/Dockerfile', 'utf8')
  const [, entry] = /^ENTRYPOINT (.*)$/m.exec(text)!

  it('runs Node as the first process, and not as root', () => {
    assert.deepEqual(JSON.parse(entry!), ['node', 'bundle/src/app/main.js'])
    assert.match(text, /^USER node$/m)
  })

  it('copies only paths that exist', () => {
    for (const [, paths] of text.matchAll(/^COPY (?!--from)(.*) \S+$/gm))
      for (const path of paths!.split(' ')) assert.isTrue(existsSync(path), path)
  })
})
