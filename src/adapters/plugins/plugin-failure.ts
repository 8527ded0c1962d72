import type { PluginError } from '../../ports/plugins/plugin-source.js'

/** Reports everything that is wrong with the plugins, one message per line. */
export class PluginFailure extends Error implements PluginError {
  override readonly name = 'PluginError'

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/**
 * Does nothing without problems.
 *
 * @throws {PluginFailure} with all problems, if there are any
 */
export function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new PluginFailure(problems)
}

/** Describes a thrown value, which need not be an error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`
}
