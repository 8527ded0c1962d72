import { existsSync, readFileSync } from 'node:fs'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { TemporaryFolder } from './support/folder.js'
import { childrenOf, processorMs } from './support/process-facts.js'
import { Program } from './support/program.js'
import { eventually } from '../support/waiting.js'

const PLUGIN = `export default {
  name: 'mine',
  routes: { 'GET /mine': () => 'mine', 'GET /crash': () => { setTimeout(() => process.kill(process.pid, 'SIGKILL')) } },
}`

/** The JSON of a comparison. */
interface Comparison {
  readonly servers: readonly {
    readonly engine: string
    readonly socket: string
    readonly figures: Readonly<Record<string, { readonly median: number } | null>>
  }[]
  readonly gates: readonly { readonly passed: boolean }[]
}

/** Processor time that a server uses only under load: its start takes less. */
const isUnderLoad = (pid: number): boolean => processorMs(pid) > 1500

describe('portico compare', () => {
  let folder: TemporaryFolder

  beforeEach(
    () =>
      (folder = new TemporaryFolder({
        'plugins/mine.mjs': PLUGIN,
        'portico.json5': "{ plugins: { directory: './plugins' } }",
      })),
  )
  afterEach(() => folder.remove())

  const options = (): { workingDirectory: string } => ({ workingDirectory: folder.path })
  const brief = ['--rounds', '1', '--duration', '0.5', '--warm-up', '0.1', '--concurrency', '4']
  const quick = ['compare', '--config', 'portico.json5', ...brief]

  it('measures the configured plugins on each engine and all sockets, and checks the gates', async () => {
    const flags = ['--path', '/mine', '--min-ratio', '0.1', '--json', '--report', 'report.html']
    const { code, stdout, stderr } = await Program.run([...quick, ...flags], options())
    assert.deepEqual([code, stderr], [0, ''])
    const { servers, gates } = JSON.parse(stdout) as Comparison
    assert.includeMembers(
      servers.map(({ engine, socket }) => `${engine} on ${socket}`),
      ['selectors on net', 'threadpool on net'],
    )
    for (const { figures } of servers) {
      assert.isAbove(figures['requestsPerSecond']!.median, 100)
      assert.equal(figures['errors']!.median, 0)
      if (process.platform !== 'linux') continue
      assert.isAbove(figures['processor']!.median, 1)
      assert.isAbove(figures['memory']!.median, 40)
    }
    assert.isTrue(gates.every(({ passed }) => passed))
    assert.match(readFileSync(`${folder.path}/report.html`, 'utf8'), /^<!doctype html>[^]*<svg [^]*<\/html>\n$/)
  })

  it('reports a server that dies under load', async () => {
    const { code, stdout } = await Program.run([...quick, '--socket', 'net', '--path', '/crash'], options())
    assert.equal(code, 1)
    assert.match(stdout, /^CPU time per request, µs +unknown/m)
  })

  it('ends its servers when it is interrupted', async () => {
    const program = new Program([...quick, '--duration', '30'], options())
    await eventually('a server is under load', () => childrenOf(program.pid).some(isUnderLoad))
    program.kill('SIGINT')
    const { code } = await program.ending()
    assert.equal(code, 1)
    assert.equal(program.stderr, 'portico: Interrupted after 0 of 1 rounds\n')
  })

  it('ends its servers when it is killed itself', async function () {
    if (process.platform !== 'linux') this.skip()
    const program = new Program([...quick, '--duration', '30'], options())
    let children: readonly number[] = []
    await eventually('a server is under load', () => {
      children = childrenOf(program.pid)
      return children.some(isUnderLoad)
    })
    program.kill('SIGKILL')
    await program.ending()
    await eventually('the server is gone', () => !children.some((pid) => existsSync(`/proc/${pid}`)))
  })

  it('prints why a server does not start', async () => {
    folder.write('plugins/mine.mjs', 'export default 1')
    const { code, stderr } = await Program.run(quick, options())
    assert.equal(code, 1)
    assert.match(stderr, /^portico: Cannot start the server: Cannot load plugin ".*mine\.mjs"/)
  })
})
