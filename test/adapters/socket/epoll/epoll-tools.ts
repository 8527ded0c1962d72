import type { EpollTools } from '../../../../src/adapters/socket/epoll/epoll-parts.js'
import { SharedBuffers } from '../../../../src/adapters/socket/epoll/shared-buffers.js'
import { loadSystemCalls } from '../../../../src/adapters/socket/epoll/system-calls.js'

/** The shared parts of epoll sockets; `null` where these do not work: not on Linux, or without the package koffi. */
export function epollTools(readChunkSize = 65_536): EpollTools | null {
  try {
    const { calls } = loadSystemCalls()
    return { calls, buffers: new SharedBuffers(readChunkSize), highWaterMark: 65_536, selectTimeoutMs: 1000 }
  } catch {
    return null
  }
}
