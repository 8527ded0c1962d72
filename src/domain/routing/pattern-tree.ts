/**
 * Patterns with parameters, as a tree that a look-up walks segment by segment.
 *
 * At each segment the literal is tried first, then the parameter, then the rest, so that the first match is the most
 * specific one. A literal that leads nowhere is turned back from: `/:x/b` matches `/a/b` beside `/a/c`. What that can
 * cost depends on how the patterns overlap, not on how many there are, nor on the length of the path. It is known at
 * start, and a tree in which a path could take more than a thousand steps is refused.
 */
import type { Segment } from './pattern.js'

const MAX_STEPS = 1000

class Branch<R> {
  readonly literals = new Map<string, Branch<R>>()
  parameter: Branch<R> | null = null
  /** What a path reaches that goes on in any way. */
  rest: R | null = null
  /** What a path reaches that ends here. */
  end: R | null = null

  /** The branch that a segment leads to, made where there is none. */
  grow(segment: Exclude<Segment, { kind: 'rest' }>): Branch<R> {
    if (segment.kind === 'parameter') return (this.parameter ??= new Branch())
    const branch = this.literals.get(segment.text) ?? new Branch()
    this.literals.set(segment.text, branch)
    return branch
  }

  /** How many branches the costliest path visits, this one included. */
  steps(): number {
    const literals = [...this.literals.values()].reduce((most, branch) => Math.max(most, branch.steps()), 0)
    return 1 + literals + (this.parameter?.steps() ?? 0)
  }
}

export class PatternTree<R> {
  private readonly root = new Branch<R>()

  /**
   * @param rules no two of which match the same paths
   * @throws {Error} when their parameters overlap in so many ways that a look-up could become slow
   */
  constructor(rules: Iterable<{ readonly segments: readonly Segment[]; readonly resource: R }>) {
    for (const { segments, resource } of rules) this.add(segments, resource)
    if (this.root.steps() <= MAX_STEPS) return
    throw new Error(
      `Cannot compile the routes: their parameters overlap so that a path could take over ${MAX_STEPS} steps`,
    )
  }

  /** @param path in normal form, beginning with `/` */
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

/** @param from where the next segment begins; beyond the end behind the last one */
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

/** Where the segment ends that begins at `from`: at a slash or the end of the path. */
export function endOfSegment(path: string, from: number): number {
  const slash = path.indexOf('/', from)
  return slash === -1 ? path.length : slash
}
