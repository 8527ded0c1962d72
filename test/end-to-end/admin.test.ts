import { assert } from 'chai'
import { afterEach, beforeEach, it } from 'mocha'
import { curl, describeWithCurl } from './support/curl.js'
import { TemporaryFolder } from './support/folder.js'
import { startServer, type RunningServer } from './support/server.js'
import { eventually } from '../support/waiting.js'

const TOKEN = 'a-token-of-a-good-length'
const SEPARATE = ['--set', 'admin.listener=separate', '--set', 'admin.port=0']

describeWithCurl('the admin routes', () => {
  let folder: TemporaryFolder
  let server: RunningServer

  beforeEach(() => (folder = new TemporaryFolder()))
  afterEach(async () => {
    await server.stop('SIGKILL')
    folder.remove()
  })

  const start = async (...flags: string[]): Promise<string> => {
    server = await startServer({ flags, workingDirectory: folder.path })
    const banner = /^portico admin on (\S+)$/m
    return banner.exec(server.program.stderr)?.[1] ?? server.origin
  }

  const statusOf = async (...parameters: string[]): Promise<number> => (await curl(parameters)).response.status

  it('are on the main listener by default', async () => {
    const origin = await start()
    assert.equal(origin, server.origin)
    assert.equal(await statusOf(`${origin}/_metrics`), 200)
  })

  for (const flags of [[], ['--workers', '2']]) {
    const how = flags.length === 0 ? 'one process' : 'two workers'

    it(`are only on their own address, with ${how}`, async () => {
      const origin = await start(...SEPARATE, ...flags)
      assert.notEqual(origin, server.origin)
      assert.deepEqual(
        [await statusOf(`${origin}/_metrics`), await statusOf(`${origin}/_dashboard`), await statusOf(`${origin}/`)],
        [200, 200, 404],
      )
      assert.deepEqual([await statusOf(`${server.origin}/_metrics`), await statusOf(`${server.origin}/`)], [404, 200])
    })

    it(`are on their own unix socket, with ${how}`, async () => {
      const path = `${folder.path}/admin`
      await start('--set', 'admin.listener=separate', '--set', `admin.host=unix:${path}`, ...flags)
      assert.equal(await statusOf('--unix-socket', path, 'http://any/_metrics'), 200)
    })
  }

  it('require the token, as a bearer token or as a password', async () => {
    const origin = await start('--set', `admin.token=${TOKEN}`)
    const [bearer, wrong] = [`Authorization: Bearer ${TOKEN}`, `Authorization: Bearer ${TOKEN}x`]
    assert.deepEqual(
      [
        await statusOf(`${origin}/_metrics`),
        await statusOf('-H', wrong, `${origin}/_metrics`),
        await statusOf('-H', bearer, `${origin}/_metrics`),
        await statusOf('-u', `me:${TOKEN}`, `${origin}/_dashboard`),
        await statusOf(`${origin}/readyz`),
      ],
      [401, 401, 200, 200, 200],
    )
    assert.notInclude(server.program.stdout, TOKEN)
  })

  it('move with a reload, and other requests are not affected', async () => {
    const config = (lines: string): string => folder.write('portico.yaml', `workers: 2\n${lines}`)
    config('')
    await start('--config', 'portico.yaml')
    assert.equal(await statusOf(`${server.origin}/_metrics`), 200)
    config(`admin:\n  listener: separate\n  host: unix:${folder.path}/admin\n`)
    server.program.kill('SIGHUP')
    await server.logLine(({ event }) => event === 'settings reloaded')
    assert.equal(await statusOf('--unix-socket', `${folder.path}/admin`, 'http://any/_metrics'), 200)
    assert.deepEqual([await statusOf(`${server.origin}/_metrics`), await statusOf(`${server.origin}/`)], [404, 200])
    config('admin:\n  listener: "off"\n')
    server.program.kill('SIGHUP')
    await eventually('their own listener is closed', async () => {
      try {
        await curl(['--unix-socket', `${folder.path}/admin`, 'http://any/_metrics'])
        return false
      } catch {
        return true
      }
    })
    assert.equal(await statusOf(`${server.origin}/_metrics`), 404)
  })
})
