/** The dashboard: draws the events that `/_dashboard/events` sends once a second. */
import uPlot from '/_dashboard/uplot.js'

const KEPT_TICKS = 300
const CHART_HEIGHT = 190
const RETRY_MS = 1000
const BYTES_PER_MEGABYTE = 1e6

const byId = (id) => document.getElementById(id)
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Sets text only, so that no text from the server is interpreted as markup. */
const element = (name, text = '') => Object.assign(document.createElement(name), { textContent: text })

const rounded = (number) => (number >= 100 ? Math.round(number).toLocaleString('en') : String(+number.toPrecision(3)))
const shown = (number) => (number === null ? '–' : rounded(number))
const megabytes = (bytes) => `${rounded(bytes / BYTES_PER_MEGABYTE)} MB`

function duration(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor)
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`
}

/** A line chart of the last minutes. */
class Chart {
  constructor(id, lines) {
    this.container = byId(id)
    this.lines = lines
    this.rows = [[], ...lines.map(() => [])]
    new ResizeObserver(() => this.fit()).observe(this.container)
    this.draw()
  }

  add(seconds, tick) {
    this.rows[0].push(seconds)
    this.lines.forEach(({ of }, at) => this.rows[at + 1].push(of(tick)))
    if (this.rows[0].length > KEPT_TICKS) for (const row of this.rows) row.shift()
    this.plot.setData(this.rows)
  }

  fit() {
    this.plot.setSize({ width: this.container.clientWidth, height: CHART_HEIGHT })
  }

  /** Draws the chart again: a canvas does not follow a change of the page's colours. */
  draw() {
    this.plot?.destroy()
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } }
    const series = this.lines.map(({ label, stroke }) => ({ label, stroke: colour(stroke), width: 2, spanGaps: true }))
    const scales = { y: { range: (_plot, _least, most) => [0, Math.max(most ?? 0, 1) * 1.1] } }
    const size = { width: this.container.clientWidth || 300, height: CHART_HEIGHT }
    const axes = [axis, { ...axis, size: 56 }]
    this.plot = new uPlot({ ...size, series: [{}, ...series], axes, scales }, this.rows, this.container)
  }
}

const charts = [
  new Chart('throughput', [{ label: 'requests', stroke: '--a', of: ({ rates }) => rates.requests }]),
  new Chart('latency', [
    { label: 'p50', stroke: '--a', of: ({ latencyMs }) => latencyMs.p50 },
    { label: 'p95', stroke: '--b', of: ({ latencyMs }) => latencyMs.p95 },
    { label: 'p99', stroke: '--c', of: ({ latencyMs }) => latencyMs.p99 },
  ]),
  new Chart('load', [
    { label: 'connections', stroke: '--a', of: ({ connections }) => connections.active },
    { label: 'in flight', stroke: '--b', of: ({ inFlight }) => inFlight },
    { label: 'queue', stroke: '--c', of: ({ queue }) => queue.length },
  ]),
]

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts.forEach((chart) => chart.draw()))

const TILES = {
  'requests per second': ({ rates }) => rounded(rates.requests),
  'p95, ms': ({ latencyMs }) => shown(latencyMs.p95),
  connections: ({ connections }) => `${connections.active}`,
  'idle connections': ({ connections }) => `${connections.idle}`,
  'in flight': ({ inFlight }) => `${inFlight}`,
  queue: ({ queue }) => (queue.capacity === 0 ? 'none' : `${queue.length} of ${queue.capacity}`),
  threads: ({ threads }) => (threads === null ? 'none' : `${threads.ready} of ${threads.configured}`),
  workers: ({ workers }) => (workers.configured === 0 ? 'none' : `${workers.ready} of ${workers.configured}`),
  'sent per second': ({ rates }) => megabytes(rates.bytesOut),
  refused: ({ rejections }) => `${rejections}`,
  memory: ({ process }) => megabytes(process.rssBytes),
  'loop delay p99, ms': ({ process }) => rounded(process.eventLoopDelayMs.p99),
}

const tiles = Object.entries(TILES).map(([name, textOf]) => {
  const [tile, value] = [element('div'), element('dd', '–')]
  value.dataset.tile = name
  tile.append(element('dt', name), value)
  byId('tiles').append(tile)
  return (tick) => (value.textContent = textOf(tick))
})

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((name) => {
  const [row, bar, rate] = [element('label', name), element('meter'), element('output', '0')]
  row.append(bar, rate)
  byId('classes').append(row)
  return ({ rates }) => {
    const all = Object.values(rates.byStatusClass).reduce((sum, each) => sum + each, 0)
    const own = rates.byStatusClass[name] ?? 0
    bar.value = all === 0 ? 0 : own / all
    rate.textContent = rounded(own)
  }
})

function routeRow({ route, perSecond, latencyMs, maxMs, requests, errors }) {
  const { p50, p95, p99 } = latencyMs
  const row = element('tr')
  const cells = [route, rounded(perSecond), shown(p50), shown(p95), shown(p99), rounded(maxMs), requests, errors]
  row.append(...cells.map((cell) => element('td', `${cell}`)))
  return row
}

function showPhase(phase, notice) {
  byId('phase').textContent = phase
  byId('phase').dataset.phase = phase
  byId('notice').hidden = notice === null
  byId('notice').textContent = notice ?? ''
}

const NOTICES = {
  starting: () => 'The server is starting.',
  running: () => null,
  notice: () => 'The server will drain soon: it is not ready for new traffic, but still answers all requests.',
  draining: ({ inFlight }) => `The server is draining: it finishes ${inFlight} in flight, and rejects new requests.`,
  stopped: () => 'The server has stopped.',
}

function show(tick) {
  const { engine, socket, phase, uptimeSeconds, routes } = tick
  showPhase(phase, NOTICES[phase](tick))
  byId('how').textContent = `${engine}, ${socket} sockets, up ${duration(uptimeSeconds)}`
  for (const update of [...tiles, ...classes]) update(tick)
  for (const chart of charts) chart.add(Date.now() / 1000, tick)
  const asked = routes.filter(({ requests }) => requests > 0).sort((one, other) => other.requests - one.requests)
  byId('routes').replaceChildren(...asked.map(routeRow))
}

/** After a cut, the browser reconnects automatically; after an error status, such as the 503 of a drain, it does not. */
function watch() {
  const events = new EventSource('/_dashboard/events')
  events.onmessage = ({ data }) => show(JSON.parse(data))
  events.onerror = () => {
    showPhase('gone', 'The server does not answer. Trying again.')
    if (events.readyState === EventSource.CLOSED) setTimeout(watch, RETRY_MS)
  }
}

watch()
