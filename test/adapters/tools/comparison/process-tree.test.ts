import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { usageOfTree } from '../../../../src/adapters/tools/comparison/process-tree.js'

const BUSY_CHILD =
  "const end = Date.now() + 300; while (Date.now() < end); console.log('done'); setInterval(() => {}, 1000)"

/** Starts a child that computes for 300 ms and reports it. Both end with standard input. */
const PARENT = `const { spawn } = require('node:child_process')
const child = spawn(process.execPath, ['-e', ${JSON.stringify(BUSY_CHILD)}], { stdio: ['ignore', 'inherit', 'ignore'] })
process.stdin.on('end', () => child.kill('SIGKILL')).resume()`

describe('usageOfTree()', () => {
  it('adds up the usage of a process and its descendants', async function () {
    if (process.platform !== 'linux') this.skip()
    const child = spawn(process.execPath, ['-e', PARENT], { stdio: ['pipe', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    const { processorMs, residentBytes } = usageOfTree(child.pid!)!
    child.stdin.end()
    await once(child, 'close')
    assert.isAbove(processorMs, 200)
    assert.isAbove(residentBytes, 60e6)
  })

  it('returns null for a process that does not exist', () => {
    assert.isNull(usageOfTree(2 ** 30))
  })
})
