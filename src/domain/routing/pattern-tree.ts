/**
 * A tree of patterns with parameters, in which a look-up goes segment by segment.
 *
 * At each segment the look-up tries the literal first, then the parameter, then the rest, so that the first match is
 * the most specific one. It backtracks from a literal without a match: with `/a/c` and `/:x/b`, the path `/a/b` matches
 * the second. The cost of backtracking depends on how the patterns overlap, and not on their number or the length of
 * the path. It is known at start, and a tree that could take more than a thousand steps for a path is refused.
 */
import type { Segment } from './pattern.js'

const MAX_STEPS = 1000

class Branch<R> {
  readonly literals = new Map<string, Branch<R>>()
  parameter: Branch<R> | null = null
  /** Matches a path with any further segments. */
  rest: R | null = null
  /** Matches a path that ends here. */
  end: R | null = null

  /** The branch for a segment; creates it if there is none. */
  grow(segment: Exclude<Segment, { kind: 'rest' }>): Branch<R> {
    if (segment.kind === 'parameter') return (this.parameter ??= new Branch())
    const branch = this.literals.get(segment.text) ?? new Branch()
    this.literals.set(segment.text, branch)
    return branch
  }

  /** The most branches that a look-up can visit, including this one. */
  steps(): number {
    const literals = [...this.literals.values()].reduce((most, branch) => Math.max(most, branch.steps()), 0)
    return 1 + literals + (this.parameter?.steps() ?? 0)
  }
}

/** Finds the resource of the most specific pattern that matches a path. */
export class PatternTree<R> {
  private readonly root = new Branch<R>()

  /**
   * @param rules patterns and their resources; no two patterns may match the same set of paths
   * @throws {Error} when the patterns overlap so much that a look-up could take more than MAX_STEPS
   */
  constructor(rules: Iterable<{ readonly segments: readonly Segment[]; readonly resource: R }>) {
    for (const { segments, resource } of rules) this.add(segments, resource)
    if (this.root.steps() <= MAX_STEPS) return
    throw new Error(
      `Cannot compile the routes: their parameters overlap so much that a path could take over ${MAX_STEPS} steps`,
    )
  }

  /**
   * Finds the resource for a path; `null` when no pattern matches.
   *
   * @param path in normal form, beginning with `/`
   */
  find(path: string): R | null {
    return find(this.root, path, 1)
  }

  private add(segments: readonly Segment[], resource: R): void {
    let branch = this.root
    for (const segment of segments) {
      if (segment.kind === 'rest') {
        branch.rest = resource
        return
      }
      branch = branch.grow(segment)
    }
    branch.end = resource
  }
}

/** @param from where the next segment begins; greater than the length of the path after the last segment */
function find<R>(branch: Branch<R>, path: string, from: number): R | null {
  if (from > path.length) return branch.end
  const end = endOfSegment(path, from)
  const literal = branch.literals.get(path.slice(from, end))
  const found = literal === undefined ? null : find(literal, path, end + 1)
  if (found !== null) return found
  // A parameter takes no empty segment.
  const matched = branch.parameter === null || end === from ? null : find(branch.parameter, path, end + 1)
  return matched ?? branch.rest
}

/** The end of the segment that begins at `from`: the position of the next slash, or the length of the path. */
export function endOfSegment(path: string, from: number): number {
  const slash = path.indexOf('/', from)
  return slash === -1 ? path.length : slash
}
