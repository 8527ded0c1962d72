import { assert } from 'chai'
import { describe, it } from 'mocha'
import { startServer } from '../../../src/portico.js'

describe('the dashboard plugin', () => {
  it('serves a page that loads nothing from other hosts, its files, and events', async () => {
    const server = await startServer({ port: 0, 'log.access': false, 'log.level': 'silent' })
    const at = `http://127.0.0.1:${server.address.port}/_dashboard`
    const init = { headers: { Connection: 'close' } }
    try {
      const page = await fetch(at, init)
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
      const paths = [...(await page.text()).matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path!)
      assert.isNotEmpty(paths)
      for (const path of paths) {
        assert.match(path, /^\//)
        assert.equal((await fetch(new URL(path, at), init)).status, 200, path)
      }
      assert.equal((await fetch(`${at}/elsewhere`, init)).status, 404)
      const abort = new AbortController()
      const events = await fetch(`${at}/events`, { ...init, signal: abort.signal })
      assert.equal(events.headers.get('content-type'), 'text/event-stream')
      let told = ''
      for await (const piece of events.body!) if ((told += Buffer.from(piece).toString()).includes('data: ')) break
      assert.include(told, '"phase":"running"')
      abort.abort()
    } finally {
      await server.drain()
    }
  })
})
