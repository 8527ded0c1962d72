import type { PluginError } from '../../ports/plugins/plugin-source.js'

export class PluginFailure extends Error implements PluginError {
  override readonly name = 'PluginError'

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/** @throws {PluginFailure} unless there is no problem */
export function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new PluginFailure(problems)
}

/** What an error says, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`
}
