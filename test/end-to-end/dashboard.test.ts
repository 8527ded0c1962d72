import { assert } from 'chai'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { describeWithChromium, startChromium } from './support/chromium.js'
import { startServer, type RunningServer } from './support/server.js'
import { SteadyLoad } from './support/steady-load.js'
import { get } from '../wire/requests.js'

const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }
/** The settings for a response that takes three seconds. */
const SLOW_STREAM = ['--set', 'plugins.settings={ stream: { count: 30, intervalMs: 100 } }']

describeWithChromium('the dashboard in a browser', () => {
  let browser: Browser
  let server: RunningServer

  before(async () => (browser = await startChromium()))
  after(() => browser.close())
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))

  const start = async (): Promise<RunningServer> =>
    startServer({ flags: [...SLOW_STREAM, '--set', 'log.access=false'] })

  /** Opens the page, and collects what the browser complains about. */
  async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const page = await (await browser.newContext(options)).newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() !== 'log' && complaints.push(message.text()))
    page.on('pageerror', ({ message }) => complaints.push(message))
    await page.goto(`${server.origin}/_dashboard`)
    await shows(page, '#phase', 'running')
    return { page, complaints }
  }

  describe('of a server that runs', () => {
    before(async () => (server = await start()))
    after(() => server.stop('SIGKILL'))

    it('shows figures that change under load, and others that do not', async () => {
      const { page, complaints } = await open()
      const load = new SteadyLoad(server.port, 8, () => '/')
      try {
        await becomes(page, '[data-tile="requests per second"]', (shown) => Number(shown.replaceAll(',', '')) > 100)
        await becomes(page, '[data-tile="connections"]', (shown) => Number(shown) >= 9)
        await becomes(page, '[data-tile="p95, ms"]', (shown) => Number(shown) > 0)
        await becomes(page, '#routes tr:first-child td:first-child', (shown) => shown === 'GET /')
        await becomes(page, '#classes label:nth-child(2) output', (shown) => Number(shown.replaceAll(',', '')) > 100)
      } finally {
        await load.stop()
      }
      await becomes(page, '[data-tile="requests per second"]', (shown) => Number(shown) < 5)
      assert.equal(await page.locator('#throughput canvas').count(), 1)
      assert.deepEqual(complaints, [])
    })

    for (const colorScheme of ['light', 'dark'] as const) {
      it(`is ${colorScheme} if the browser prefers that`, async () => {
        const { page } = await open({ colorScheme })
        const back: string = await page.evaluate('getComputedStyle(document.body).backgroundColor')
        const [red] = back.match(/\d+/g)!.map(Number)
        assert.isTrue(colorScheme === 'light' ? red! > 200 : red! < 60, back)
      })
    }

    it('fits a phone', async () => {
      const { page, complaints } = await open(PHONE)
      assert.isAtMost(await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth'), 0)
      const widths = await page.evaluate<number[]>(
        '[...document.querySelectorAll("canvas")].map((each) => each.clientWidth)',
      )
      assert.lengthOf(widths, 3)
      for (const width of widths) assert.isAbove(width, 200)
      assert.deepEqual(complaints, [])
    })

    it('does not let an inline script run', async () => {
      const { page } = await open()
      const addScript =
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'ran = 1' }))"
      await page.evaluate(addScript)
      assert.equal(await page.evaluate('typeof ran'), 'undefined')
    })
  })

  describe('of a server that stops', () => {
    beforeEach(async () => (server = await start()))
    afterEach(() => server.stop('SIGKILL'))

    it('shows the drain while requests finish, and then that the server is gone', async () => {
      const { page } = await open()
      const client = await server.connect()
      client.send(get('/stream'))
      await becomes(page, '[data-tile="in flight"]', (shown) => shown === '2')
      const stopped = server.stop()
      await shows(page, '#phase', 'draining')
      assert.match((await page.textContent('#notice'))!, /^The server is draining: it finishes 2 in flight/)
      assert.equal((await client.response()).status, 200)
      assert.equal((await stopped).code, 0)
      await shows(page, '#phase', 'gone')
    })

    it('reconnects to a server that has restarted', async () => {
      const { page } = await open()
      await server.stop()
      await shows(page, '#phase', 'gone')
      server = await startServer({ flags: ['--port', String(server.port)] })
      await shows(page, '#phase', 'running')
    })

    it('does not delay a drain', async () => {
      await open()
      const begunMs = performance.now()
      assert.equal((await server.stop()).code, 0)
      assert.isBelow(performance.now() - begunMs, 5000)
    })
  })
})

const shows = (page: Page, place: string, text: string): Promise<void> =>
  becomes(page, place, (shown) => shown === text)

async function becomes(page: Page, place: string, holds: (shown: string) => boolean): Promise<void> {
  const untilMs = performance.now() + 60_000
  let shown = ''
  while (!holds((shown = (await page.textContent(place)) ?? ''))) {
    if (performance.now() > untilMs) assert.fail(`${place} shows "${shown}"`)
    await page.waitForTimeout(50)
  }
}
