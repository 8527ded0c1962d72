import { assert } from 'chai'
import { describe, it } from 'mocha'
import { workerThreads } from '../../../../src/adapters/engine/threadpool/worker-thread.js'
import { DEFAULT_SETTINGS } from '../../../fakes/settings.js'

describe('workerThreads()', () => {
  it('reports a thread that the platform cannot start as one that failed and exited', async () => {
    const start = workerThreads(new URL('http://nowhere.test/'), DEFAULT_SETTINGS)
    const events: string[] = []
    await new Promise<void>((resolve) => {
      const link = start(
        { thread: 1, routes: [], claims: new SharedArrayBuffer(4), answers: new SharedArrayBuffer(4) },
        {
          received: () => events.push('received'),
          failed: (error) => events.push((error as NodeJS.ErrnoException).code!),
          exited: () => {
            events.push('exited')
            resolve()
          },
        },
      )
      assert.isEmpty(events, 'no event occurs before it returns')
      link.post([['probe']], [])
      void link.end()
    })
    assert.deepEqual(events, ['ERR_INVALID_URL_SCHEME', 'exited'])
  })
})
