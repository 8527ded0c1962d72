import { before, it } from 'mocha'

type Test = () => Promise<void>

/**
 * Starts tests that mostly wait, such as for a deadline, all at once; mocha then reports each in its turn.
 *
 * They start after the `before` hooks that the suite has defined before this call. `define` may group them in suites, but a
 * hook of such a suite runs too late for them. No test may change what another one uses. All of them start even when
 * mocha is to run only some.
 *
 * @param define describes the tests with the function that it gets, instead of with mocha's `it`
 */
export function begunTogether(define: (test: (title: string, run: Test) => void) => void): void {
  const outcomes: Promise<void>[] = []
  const runs: Test[] = []
  define((title, run) => {
    const at = runs.push(run) - 1
    it(title, () => outcomes[at])
  })
  before(() => {
    for (const run of runs) {
      const outcome = run()
      // It may fail before mocha looks at it, which must not count as an unhandled rejection.
      outcome.catch(() => undefined)
      outcomes.push(outcome)
    }
  })
}
