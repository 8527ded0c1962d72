import { assert } from 'chai'
import { describe, it } from 'mocha'
import { workerThreads } from '../../../../src/adapters/engine/threadpool/worker-thread.js'
import { DEFAULT_SETTINGS } from '../../../fakes/settings.js'

describe('workerThreads()', () => {
  it('tells of a thread that the platform does not start as of one that died', async () => {
    const start = workerThreads(new URL('http://nowhere.test/'), DEFAULT_SETTINGS)
    const heard: string[] = []
    await new Promise<void>((resolve) => {
      const link = start(
        { thread: 1, routes: [], claims: new SharedArrayBuffer(4), answers: new SharedArrayBuffer(4) },
        {
          received: () => heard.push('received'),
          failed: (error) => heard.push((error as NodeJS.ErrnoException).code!),
          exited: () => {
            heard.push('exited')
            resolve()
          },
        },
      )
      assert.isEmpty(heard, 'nothing comes before it returns')
      link.post([['probe']], [])
      void link.end()
    })
    assert.deepEqual(heard, ['ERR_INVALID_URL_SCHEME', 'exited'])
  })
})
