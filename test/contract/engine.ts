import { assert } from 'chai'
import { describe, it } from 'mocha'
import { HandlerRequest } from '../../src/app/handler-request.js'
import { FieldSection } from '../../src/domain/message/field-section.js'
import { text } from '../../src/domain/message/response-makers.js'
import type { Response } from '../../src/domain/message/response.js'
import type { Engine } from '../../src/ports/engine.js'
import type { Answer, Handler, Request } from '../../src/ports/plugin.js'
import { RecordingEventLog } from '../fakes/event-log.js'

/** What every engine keeps. */
export function engineContract(name: string, make: () => Engine): void {
  const started = async (): Promise<Engine> => {
    const engine = make()
    await engine.start()
    return engine
  }
  const run = async (handler: Handler, inline = false): Promise<Answer> => {
    const engine = await started()
    try {
      return await engine.run({ handler, inline }, request())
    } finally {
      await engine.stop()
    }
  }

  describe(`${name} keeps the contract of an engine`, () => {
    it('has a name', () => assert.match(make().name, /^[a-z]+$/))

    it('gives a handler its request', async () => {
      assert.equal(await run((asked) => `${asked.method} ${asked.path} ${asked.params['id'] ?? ''}`), 'GET /users/7 7')
    })

    it('hands on a response that the handler returned', async () => {
      const answer = (await run(() => text('hello', { status: 201 }))) as Response
      assert.deepEqual([answer.status, answer.content], [201, 'hello'])
    })

    it('hands on what a promise of the handler comes to', async () => {
      assert.equal(await run(async () => 'later'), 'later')
    })

    it('makes no promise for an inline handler that made none', async () => {
      const engine = await started()
      assert.equal(engine.run({ handler: () => 'now', inline: true }, request()), 'now')
      await engine.stop()
    })

    for (const inline of [false, true]) {
      const place = inline ? 'inline' : 'its own'
      it(`throws what a handler in ${place} place throws at once`, async () => {
        const error = await failure(() => run(() => raise('at once'), inline))
        assert.equal(error.message, 'at once')
      })

      it(`throws what a handler in ${place} place throws later`, async () => {
        const error = await failure(() => run(() => Promise.reject(new Error('later')), inline))
        assert.equal(error.message, 'later')
      })
    }

    it('runs handlers beside each other: one that waits holds up no other', async () => {
      const engine = await started()
      let free = (_: Answer): void => {}
      const waiting = engine.run(
        { handler: () => new Promise<Answer>((resolve) => (free = resolve)), inline: true },
        request(),
      )
      assert.equal(await engine.run({ handler: () => 'second', inline: false }, request()), 'second')
      free('first')
      assert.equal(await waiting, 'first')
      await engine.stop()
    })

    it('has a queue that is empty when nothing waits', async () => {
      const engine = await started()
      assert.equal(engine.queue.length, 0)
      assert.isAtLeast(engine.queue.capacity, 0)
      await engine.stop()
    })
  })
}

function request(): Request {
  const head = {
    method: 'GET',
    target: '/users/7',
    path: '/users/7',
    query: '',
    authority: 'a',
    minor: 1,
    fields: FieldSection.of([['Host', 'a']]),
    length: 0,
    expectsContinue: false,
    persists: true,
  }
  const owner = { request: 'r-1', trace: '0'.repeat(32), peer: '192.0.2.1:5', log: new RecordingEventLog() }
  return new HandlerRequest(head, { id: '7' }, null, owner)
}

function raise(message: string): never {
  throw new Error(message)
}

async function failure(attempt: () => Promise<unknown>): Promise<Error> {
  try {
    await attempt()
  } catch (error) {
    return error as Error
  }
  throw new Error('Cannot find a failure: it succeeded')
}
