import { text } from 'node:stream/consumers'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { ForkedWorkers } from '../../../src/adapters/workers/forked-workers.js'
import { workerProcessesContract } from '../../contract/worker-processes.js'

const ECHO = new URL('./echo-child.js', import.meta.url)

workerProcessesContract('ForkedWorkers', () => new ForkedWorkers(ECHO, (output) => output.resume()))

describe('ForkedWorkers', function () {
  this.timeout(20_000)

  it('hands on what a process writes to its standard output, to the end', async () => {
    const written = new Promise<string>((resolve) => {
      const workers = new ForkedWorkers(ECHO, (output) => resolve(text(output)))
      workers.start({ told: () => undefined, ended: () => undefined }, 60_000).tell({ kind: 'drain' })
    })
    assert.equal(await written, 'a last line\n')
  })
})
