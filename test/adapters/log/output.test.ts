import { assert } from 'chai'
import { execFileSync, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { after, describe, it } from 'mocha'
import { begunTogether } from '../../support/begun-together.js'

const CHILD = fileURLToPath(new URL('output-child.js', import.meta.url))

interface Result {
  readonly code: number
  readonly dropped: number
  readonly latestMs: number
  readonly output: string
}

/** Runs the child with a descriptor or a socket as its standard output. The socket is read late, or after the exit. */
async function run(lines: number, output: number | 'socket', reading: 'late' | 'never' = 'never'): Promise<Result> {
  const stdio: StdioOptions = ['ignore', output === 'socket' ? 'pipe' : output, 'pipe']
  const child = spawn(process.execPath, [CHILD, String(lines)], { stdio, timeout: 10_000, killSignal: 'SIGKILL' })
  const ended = once(child, 'exit') as Promise<[number]>
  const told = text(child.stderr!)
  await (reading === 'late' ? sleep(600) : ended)
  const read = child.stdout === null ? '' : await text(child.stdout)
  const [code] = await ended
  return { code, ...(JSON.parse(await told) as { dropped: number; latestMs: number }), output: read }
}

function numbersOf(output: string): number[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map(Number.parseFloat)
}

function assertWhole(output: string, lines: number): void {
  assert.deepEqual(
    numbersOf(output),
    Array.from({ length: lines }, (_, i) => i),
  )
  assert.lengthOf(output, lines * 1024)
}

describe('openOutput(), in a child process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-log-'))
  const opened: number[] = []
  let files = 0

  after(() => {
    for (const descriptor of opened) closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })

  /** A path that no other test uses. */
  const newPath = (): string => join(folder, String(files++))

  function open(path: string, flags: number | string): number {
    const descriptor = openSync(path, flags)
    opened.push(descriptor)
    return descriptor
  }

  /** A FIFO whose reader reads only what the test asks for. */
  function fifo(): number {
    const path = newPath()
    execFileSync('mkfifo', [path])
    return open(path, constants.O_RDWR)
  }

  begunTogether((test) => {
    test('writes to a regular file', async () => {
      const path = newPath()
      const { code, dropped } = await run(600, open(path, 'w'))
      assert.deepEqual({ code, dropped }, { code: 0, dropped: 0 })
      assertWhole(readFileSync(path, 'latin1'), 600)
    })

    test('continues at the position of the descriptor in a regular file', async () => {
      const path = newPath()
      const descriptor = open(path, 'w')
      writeFileSync(descriptor, 'before\n')
      await run(2, descriptor)
      writeFileSync(descriptor, 'after\n')
      assert.deepEqual(
        readFileSync(path, 'latin1')
          .split('\n')
          .map((line) => line.slice(0, 6)),
        ['before', '0.....', '1.....', 'after', ''],
      )
    })

    test('appends to a file that others truncate, as log rotation does', async () => {
      const path = newPath()
      writeFileSync(path, 'x'.repeat(1000) + '\n')
      const running = run(2, open(path, 'a'))
      await sleep(100)
      writeFileSync(path, '')
      await running
      assert.equal(numbersOf(readFileSync(path, 'latin1')).at(-1), 1)
      assert.notInclude(readFileSync(path, 'latin1'), '\0')
    })

    test('writes everything to a socket with a late reader', async () => {
      const { code, dropped, output } = await run(900, 'socket', 'late')
      assert.deepEqual({ code, dropped }, { code: 0, dropped: 0 })
      assertWhole(output, 900)
    })

    const blocked: [name: string, output: () => number | 'socket'][] = [
      ['a FIFO that nobody reads', fifo],
      ['a socket that nobody reads', () => 'socket'],
    ]
    for (const [name, output] of blocked) {
      test(`blocks neither the event loop nor the exit with ${name}`, async () => {
        const startedMs = performance.now()
        const { code, dropped, latestMs } = await run(4000, output())
        assert.equal(code, 0)
        assert.isAtLeast(dropped, 4000 - 1024 - 512)
        assert.isBelow(latestMs, 500)
        assert.isBelow(performance.now() - startedMs, 8000)
      })
    }

    const onFullDisk = existsSync('/dev/full') ? test : it.skip
    onFullDisk('survives a full disk', async () => {
      const { code, dropped } = await run(4000, open('/dev/full', 'w'))
      assert.equal(code, 0)
      assert.isAtLeast(dropped, 4000 - 1024)
    })

    test('survives a reader that has closed', async () => {
      const path = newPath()
      execFileSync('mkfifo', [path])
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      const writer = open(path, constants.O_WRONLY)
      closeSync(reader)
      const { code, dropped } = await run(4000, writer)
      assert.equal(code, 0)
      assert.isAtLeast(dropped, 4000 - 1024)
    })
  })
})
