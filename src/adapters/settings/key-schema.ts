import type { SettingsFlag } from '../../ports/operations/settings.js'
import type { Kind } from './kinds.js'

/**
 * Everything about one key that convict, the command line, messages and documentation need.
 *
 * The key's `kind` replaces convict's `format`, because convict checks a format only after it has read text leniently
 * itself. Therefore the format is `*`, which accepts every value; without a format, convict would convert each value to
 * the type of the default.
 */
export interface KeySchema<T> {
  readonly kind: Kind
  readonly default: T
  readonly env: string
  /** One phrase without a full stop, for the help and the documentation. */
  readonly doc: string
  /** Describes the default where the value does not explain itself. */
  readonly defaultText?: string
  readonly flag?: SettingsFlag
  /** Whether messages and reports hide the value. */
  readonly secret?: true
}

/** Defines a key. */
export const key = <T>(schema: KeySchema<T>): KeySchema<T> & { readonly format: '*' } => ({ ...schema, format: '*' })

/**
 * Defines the flag of a key.
 *
 * @param group its heading in the help
 * @param value its placeholder in the help
 */
export const flag = (
  group: string,
  name: string,
  value: string,
  form: SettingsFlag['form'] = 'text',
): SettingsFlag => ({
  name,
  value,
  form,
  group,
})

/** Lists the keys by dotted name, in the order of the schema. */
export function keysOf(schema: object, prefix = ''): Map<string, KeySchema<unknown>> {
  const keys = new Map<string, KeySchema<unknown>>()
  for (const [name, node] of Object.entries(schema) as [string, object][]) {
    if ('kind' in node) keys.set(prefix + name, node as KeySchema<unknown>)
    else for (const [inner, each] of keysOf(node, `${prefix}${name}.`)) keys.set(inner, each)
  }
  return keys
}
