import type { Connection } from '../../domain/connection/connection.js'
import { Deadlines, type Overdue } from '../../domain/connection/deadlines.js'
import type { Transport } from '../../ports/serving/transport.js'
import type { Service } from '../server/service.js'

/** Octets that we read and drop at most after we have ended our side. */
const MAX_LINGER_OCTETS = 16 * 1024 * 1024

/**
 * Watches what one connection waits for: the deadlines of both sides, the time after we have ended our side, and a peer
 * that disappears. It notes times as things happen; the server's periodic sweep asks what is overdue.
 *
 * All times are in milliseconds on the monotonic clock.
 */
export class ConnectionWatch {
  /** When the current pass began: when octets or an answer arrived, or the last response was complete. */
  nowMs: number
  /** When the oldest of the unread octets arrived. */
  arrivedMs: number
  /** When we could last continue: after a response, or when the peer had read what was sent. */
  private readyMs = 0
  private lingering = false
  private lingerOctets = 0
  private readonly deadlines = new Deadlines()

  constructor(
    private readonly service: Pick<Service, 'clock' | 'deadlines'>,
    private readonly connection: Connection,
    private readonly transport: Transport,
  ) {
    this.nowMs = this.arrivedMs = service.clock.now()
    this.deadlines.idle(this.nowMs)
    this.deadlines.sent(this.nowMs, 0, false)
  }

  /** A pass over the connection's events begins. */
  passBegan(): void {
    this.nowMs = this.service.clock.now()
  }

  /** A pass begins because octets arrived. Called before the connection receives them. */
  octetsArrived(): void {
    this.passBegan()
    // An unread empty line is no part of the octets that arrive now.
    if (!this.connection.hasUnread || this.connection.isIdle) this.arrivedMs = this.nowMs
  }

  /** We can continue now: a response is complete, or the peer has read what was sent. */
  ready(): void {
    this.readyMs = this.nowMs = this.service.clock.now()
  }

  /** The request has content, and none of it has been waited for. The content of the last one may have ended in this pass. */
  contentBegan(): void {
    this.deadlines.contentComplete(this.nowMs)
  }

  /** A handler runs, and its answer is awaited. */
  handlerBegan(): void {
    this.deadlines.handler(this.nowMs)
  }

  /** The handler has answered. */
  answered(): void {
    this.deadlines.answered()
  }

  /**
   * A pass ended: notes what the connection waits for now.
   *
   * @param isWaitingOnlyForPeer whether nothing continues before the peer sends content
   * @param isPaused whether we have stopped reading
   * @param isBlocked whether the peer must read before we send more
   */
  passEnded(isWaitingOnlyForPeer: boolean, isPaused: boolean, isBlocked: boolean): void {
    const { connection, deadlines, nowMs } = this
    if (connection.isIdle) deadlines.idle(nowMs)
    else if (connection.awaitsHead && !isBlocked) deadlines.head(Math.max(this.arrivedMs, this.readyMs))
    else deadlines.busy()
    if (!connection.awaitsContent) deadlines.contentComplete(nowMs)
    else if (isWaitingOnlyForPeer && !isPaused && !isBlocked) deadlines.content(nowMs, connection.bytesIn)
    else deadlines.contentPaused(nowMs, connection.bytesIn)
  }

  /** We have ended our side, and wait for the peer to end its own. */
  linger(): void {
    this.lingering = true
    this.deadlines.linger(this.service.clock.now())
  }

  /**
   * Octets arrived after we had ended our side. We read them only so that the peer can reach our end of the connection.
   *
   * @returns false when the peer has sent more than we read for that
   */
  lingersOn(octets: number): boolean {
    this.lingerOctets += octets
    return this.lingerOctets <= MAX_LINGER_OCTETS
  }

  /**
   * Whether the peer has disappeared without our noticing.
   *
   * @param isReading whether we only wait for octets: then the transport reports the loss, and we save a system call
   */
  peerIsLost(isReading: boolean): boolean {
    return !isReading && this.transport.isLost
  }

  /**
   * The deadline that has passed; `null` when none has.
   *
   * @param bytesOut octets given to the transport so far
   */
  overdue(nowMs: number, bytesOut: number): Overdue | null {
    const { unsent } = this.transport
    // A peer that still reads our last response need not end its side yet.
    if (this.lingering && unsent > 0) this.deadlines.linger(nowMs)
    this.deadlines.sent(nowMs, bytesOut - unsent, unsent > 0)
    const overdue = this.deadlines.overdue(nowMs, this.service.deadlines)
    if (overdue !== null) this.nowMs = nowMs
    return overdue
  }
}
