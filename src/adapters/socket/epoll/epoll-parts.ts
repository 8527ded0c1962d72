import { EpollWriter } from './epoll-writer.js'
import { Poller } from './poller.js'
import type { SharedBuffers } from './shared-buffers.js'
import type { SystemCalls } from './system-calls.js'

/** The parts that all epoll connections of a process share. */
export interface EpollTools {
  readonly calls: SystemCalls
  readonly buffers: SharedBuffers
  /** Unsent octets above which `write` returns false. */
  readonly highWaterMark: number
  /** The interval of `Poller`'s own checks. */
  readonly selectTimeoutMs: number
}

/** The parts that the connections of one listener share. */
export interface EpollParts extends EpollTools {
  readonly poller: Poller
  readonly writer: EpollWriter
}

/**
 * Adds a poller and a writer to the tools.
 *
 * @throws {Error} when the platform refuses an epoll instance
 */
export function withPoller(tools: EpollTools): EpollParts {
  const poller = new Poller(tools.calls, tools.selectTimeoutMs)
  return { ...tools, poller, writer: new EpollWriter(tools.calls, tools.buffers) }
}
