/** Reports a configuration file that cannot be read or parsed: what was found in its place, and what was wanted. */
export class UnusableFile extends Error {
  constructor(
    readonly found: string,
    readonly wanted: string,
  ) {
    super(`Cannot use the configuration file: found ${found}, wanted ${wanted}`)
  }
}
