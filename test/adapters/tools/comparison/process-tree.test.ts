import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { usageOfTree } from '../../../../src/adapters/tools/comparison/process-tree.js'

const BUSY_CHILD =
  "const end = Date.now() + 300; while (Date.now() < end); console.log('done'); setInterval(() => {}, 1000)"

/** Has a child that works for 300 ms and says so; both end when standard input does. */
const PARENT = `const { spawn } = require('node:child_process')
const child = spawn(process.execPath, ['-e', ${JSON.stringify(BUSY_CHILD)}], { stdio: ['ignore', 'inherit', 'ignore'] })
process.stdin.on('end', () => child.kill('SIGKILL')).resume()`

describe('what a tree of processes uses', () => {
  it('is that of all of them together', async function () {
    if (process.platform !== 'linux') this.skip()
    this.timeout(10_000)
    const child = spawn(process.execPath, ['-e', PARENT], { stdio: ['pipe', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    const { processorMs, residentBytes } = usageOfTree(child.pid!)!
    child.stdin.end()
    await once(child, 'close')
    assert.isAbove(processorMs, 200)
    assert.isAbove(residentBytes, 60e6)
  })

  it('is nothing to tell of a process that is not there', () => {
    assert.isNull(usageOfTree(2 ** 30))
  })
})
