import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'

describe('npm start', () => {
  let npm: ChildProcess

  afterEach(() => npm.kill())

  it('passes flags on to the server', async () => {
    npm = start('--port', '0', '--help')
    assert.include(await everythingSaid(npm), 'Usage: portico')
    assert.equal(npm.exitCode, 0)
  })

  it('passes the exit code of the server on', async () => {
    npm = start('--no-such-flag')
    await everythingSaid(npm)
    assert.equal(npm.exitCode, 2)
  })

  it('lets Ctrl-C, which reaches npm and all below it at once, drain the server rather than force it to end', async () => {
    npm = start('--port', '0')
    await listening(npm)
    // As a terminal does: to the whole group. npm passes it on as well.
    process.kill(-npm.pid!, 'SIGINT')
    await once(npm, 'exit')
    assert.equal(npm.exitCode, 0)
  })

  it('lets SIGTERM to npm drain the server', async () => {
    npm = start('--port', '0')
    await listening(npm)
    npm.kill('SIGTERM')
    await once(npm, 'exit')
    assert.equal(npm.exitCode, 0)
  })
})

/** In a group of its own, as a shell would start it. */
function start(...flags: string[]): ChildProcess {
  return spawn('npm', ['start', '--', ...flags], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function everythingSaid(child: ChildProcess): Promise<string> {
  let said = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  await once(child, 'close')
  return said
}

async function listening(child: ChildProcess): Promise<void> {
  child.stdout!.resume()
  for await (const text of child.stderr!.setEncoding('utf8')) if (/http:\/\//.test(text as string)) return
}
