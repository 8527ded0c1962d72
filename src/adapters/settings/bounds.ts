/** A rule between two keys: one must not be greater than the other. */
export interface Bound {
  readonly key: string
  readonly atMost: string
  readonly because: string
  /** Whether 0 as the value of `atMost` means "off", so that it limits nothing. */
  readonly exceptZero: boolean
}

/** All bounds. Limits that contradict each other would make one of them unreachable. */
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
    because: 'a drain must check at least once before its timeout',
    exceptZero: true,
  },
]

/**
 * Tells whether the values of two keys break the bound.
 *
 * @param valueOf the number that a key has
 */
export function isBroken(bound: Bound, valueOf: (key: string) => number): boolean {
  const most = valueOf(bound.atMost)
  return valueOf(bound.key) > most && !(bound.exceptZero && most === 0)
}
