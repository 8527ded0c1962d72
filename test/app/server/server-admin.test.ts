import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Routes } from '../../../src/ports/plugins/plugin.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import { FakeListener } from '../../fakes/fake-listener.js'
import type { FarEnd } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get } from '../../wire/requests.js'
import { Served, settled, statuses } from '../serving/served.js'

const TOKEN = 'abcdefgh-01234567'
const routes: Routes = {
  'GET /': () => 'x',
  'GET /facts': { admin: true, handler: () => 'facts' },
  'GET /*': () => 'rest',
}

async function start(
  admin: Partial<Settings['admin']>,
  more: Partial<Settings> = {},
): Promise<{ served: Served; adminListener: FakeListener }> {
  const adminListener = new FakeListener()
  const settings = { ...more, admin: { ...DEFAULT_SETTINGS.admin, ...admin } }
  return { served: await Served.start({ routes, settings, adminListener }), adminListener }
}

async function asked(far: FarEnd, ...requests: string[]): Promise<FarEnd> {
  requests.forEach((request) => far.send(request))
  await settled()
  return far
}

const withCredentials = (credentials: string): string => get('/facts', `Authorization: ${credentials}`)

describe('Server: admin routes', () => {
  it('same: answer on the main listener', async () => {
    const { served, adminListener } = await start({ listener: 'same' })
    assert.include((await asked(served.connect(), get('/facts'))).received, 'facts')
    assert.isFalse(adminListener.listening)
  })

  it('off: do not exist, so that other routes serve their paths', async () => {
    const { served, adminListener } = await start({ listener: 'off' })
    assert.include((await asked(served.connect(), get('/facts'))).received, 'rest')
    assert.isFalse(adminListener.listening)
  })

  it('separate: answer on the admin listener, which serves no other route', async () => {
    const { served, adminListener } = await start({ listener: 'separate' })
    assert.include((await asked(served.connect(), get('/facts'))).received, 'rest')
    const far = await asked(adminListener.connect(), get('/facts'), get('/'))
    assert.deepEqual(statuses(far.received), [200, 404])
  })

  it('separate: have their own names in the logs and metrics', async () => {
    const { served, adminListener } = await start({ listener: 'separate' })
    await asked(adminListener.connect(), get('/facts'))
    await asked(served.connect(), get('/'))
    assert.sameMembers(
      served.accessLog.exchanges.map(({ route, routeName }) => `${route} ${routeName}`),
      ['3 GET /facts', '1 GET /'],
    )
  })

  it('separate: stay reachable while the main listener is full', async () => {
    const { served, adminListener } = await start({ listener: 'separate' }, { maxConnections: 1 })
    await asked(served.connect(), get('/'))
    assert.deepEqual(statuses((await asked(served.connect(), get('/'))).received), [503])
    assert.deepEqual(statuses((await asked(adminListener.connect(), get('/facts'))).received), [200])
  })

  it('separate: do not count towards maxConnections', async () => {
    const { served, adminListener } = await start({ listener: 'separate' }, { maxConnections: 1 })
    await asked(adminListener.connect(), get('/facts'))
    assert.deepEqual(statuses((await asked(served.connect(), get('/'))).received), [200])
  })

  it('separate: the admin listener closes at the drain', async () => {
    const { served, adminListener } = await start({ listener: 'separate' })
    void served.server.drain()
    await settled()
    assert.isFalse(adminListener.listening)
  })

  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const cases: readonly (readonly [string, string, number])[] = [
    ['the token', `Bearer ${TOKEN}`, 200],
    ['the token, the scheme in mixed case', `bEARER ${TOKEN}`, 200],
    ['the token as a password', basic(`anyone:${TOKEN}`), 200],
    ['another token', 'Bearer abcdefgh-01234568', 401],
    ['a longer token', `Bearer ${TOKEN}0`, 401],
    ['a shorter token', `Bearer ${TOKEN.slice(1)}`, 401],
    ['the token as a user', basic(`${TOKEN}:`), 401],
    ['a password without a user', basic(TOKEN), 401],
    ['no scheme', TOKEN, 401],
    ['another scheme', `Digest ${TOKEN}`, 401],
  ]
  for (const [name, credentials, status] of cases) {
    it(`with a token: ${name}: ${status}`, async () => {
      const { served } = await start({ token: TOKEN })
      const far = await asked(served.connect(), withCredentials(credentials))
      assert.deepEqual(statuses(far.received), [status])
      assert.equal(far.received.includes('WWW-Authenticate: Bearer realm="portico"\r\n'), status === 401)
    })
  }

  it('with a token: no credentials: 401; other routes answer without them', async () => {
    const { served } = await start({ token: TOKEN })
    assert.deepEqual(statuses((await asked(served.connect(), get('/facts'), get('/'))).received), [401, 200])
  })
})
