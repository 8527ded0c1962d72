/** A way to cut octets into the pieces in which they arrive. */
export interface Delivery {
  readonly name: string
  cut(octets: Buffer): Buffer[]
}

/** The seed of all random pieces in a run; every failure shows it. Set `PORTICO_TEST_SEED` to repeat a run. */
const SEED = Number(process.env['PORTICO_TEST_SEED'] ?? Date.now() % 1_000_000)

export const WHOLE: Delivery = { name: 'whole', cut: (octets) => [octets] }

export const OCTET_BY_OCTET: Delivery = {
  name: 'octet by octet',
  cut: (octets) => Array.from(octets, (_, at) => octets.subarray(at, at + 1)),
}

/** Pieces of 1 to `longest` octets; the same ones for the same seed. */
export function randomPieces(seed: number, longest: number): Delivery {
  return {
    name: `pieces of up to ${longest} octets (PORTICO_TEST_SEED=${seed})`,
    cut(octets) {
      const random = generator(seed)
      const pieces: Buffer[] = []
      for (let at = 0; at < octets.length;) {
        const end = at + 1 + Math.floor(random() * longest)
        pieces.push(octets.subarray(at, end))
        at = end
      }
      return pieces
    },
  }
}

export const DELIVERIES: readonly Delivery[] = [
  WHOLE,
  OCTET_BY_OCTET,
  randomPieces(SEED, 3),
  randomPieces(SEED, 20),
  randomPieces(SEED, 2000),
]

/** mulberry32: a small generator, good enough to choose where to cut. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
