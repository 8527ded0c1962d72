import { before, it } from 'mocha'

type Test = () => Promise<void>

/**
 * Tests that mostly wait, such as for a deadline: all of them begin together, behind the hooks that stand before them, and
 * each is judged in its turn. So they must not share what one of them changes.
 *
 * @param define describes the tests by what it is given instead of mocha's `it`
 */
export function begunTogether(define: (test: (title: string, run: Test) => void) => void): void {
  const tests: { readonly title: string; readonly run: Test }[] = []
  define((title, run) => tests.push({ title, run }))
  let outcomes: readonly Promise<void>[] = []
  before(() => {
    outcomes = tests.map(({ run }) => run())
    // One may fail before its turn comes.
    for (const outcome of outcomes) outcome.catch(() => undefined)
  })
  for (const [at, { title }] of tests.entries()) it(title, () => outcomes[at])
}
