/** The seed of the generator below (Park and Miller): any number between 0 and the modulus. */
const SEED = 20_240_229
const MULTIPLIER = 48_271
const MODULUS = 2 ** 31 - 1

/**
 * Computes arrival times of independent requests, with exponential gaps. They are the same in every run.
 *
 * @returns milliseconds from the start, `rate` times per second on average
 */
export function arrivals(rate, seconds) {
  const offsetsMs = []
  let state = SEED
  for (let atMs = 0; ; offsetsMs.push(atMs)) {
    state = (state * MULTIPLIER) % MODULUS
    atMs -= (Math.log(state / MODULUS) / rate) * 1000
    if (atMs >= seconds * 1000) return offsetsMs
  }
}
