/** Wires a handler thread. A thread starts quickly only while this file imports no more than a thread needs. */
import { SystemClock } from '../../adapters/clock/system-clock.js'
import { SystemThreadMeter } from '../../adapters/engine/threadpool/thread-meter.js'
import { SystemFiles } from '../../adapters/files/system-files.js'
import { FolderPlugins } from '../../adapters/plugins/folder-plugins.js'
import { OpenTelemetry } from '../../adapters/tracing/open-telemetry.js'
import { AnswerRing } from '../../domain/threadpool/answer-ring.js'
import { Claims } from '../../domain/threadpool/claims.js'
import type { ThreadData } from '../../ports/threads/thread-messages.js'
import { HandlerThread, type HandlerThreadParts } from '../threads/handler-thread.js'

/**
 * Wires the thread that runs handlers.
 *
 * @param post sends a batch of messages to the main thread
 */
export function wireThread({ setup, settings }: ThreadData, post: HandlerThreadParts['post']): HandlerThread {
  return new HandlerThread({
    ...setup,
    claims: new Claims(setup.claims),
    answers: new AnswerRing(setup.answers),
    settings,
    plugins: new FolderPlugins(),
    files: new SystemFiles(),
    clock: new SystemClock(),
    meter: new SystemThreadMeter(),
    tracing: new OpenTelemetry(),
    post,
  })
}
