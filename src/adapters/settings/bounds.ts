/** What the kind of a key cannot say: that it may not be greater than another key. */
export interface Bound {
  readonly key: string
  readonly atMost: string
  readonly because: string
  /** Whether 0 of the other key stands for "not at all", which bounds nothing. */
  readonly exceptZero: boolean
}

export const BOUNDS: readonly Bound[] = [
  {
    key: 'limits.targetLength',
    atMost: 'limits.headerBytes',
    because: 'a target is part of its head',
    exceptZero: false,
  },
  {
    key: 'limits.headerBytes',
    atMost: 'limits.requestBytes',
    because: 'a head is part of its request',
    exceptZero: false,
  },
  {
    key: 'limits.bodyBytes',
    atMost: 'limits.requestBytes',
    because: 'content is part of its request',
    exceptZero: false,
  },
  {
    key: 'drain.pollIntervalMs',
    atMost: 'drain.timeoutMs',
    because: 'a drain must look before its time is up',
    exceptZero: true,
  },
]

/** @param valueOf a number for each key of a bound */
export function isBroken(bound: Bound, valueOf: (key: string) => number): boolean {
  const most = valueOf(bound.atMost)
  return valueOf(bound.key) > most && !(bound.exceptZero && most === 0)
}
