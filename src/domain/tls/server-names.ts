/**
 * Finds the entries for a server name that a TLS client requests (RFC 6066 §3, RFC 9525 §6.3): those with the name
 * itself, or else those with a wildcard that covers it.
 */
export class ServerNames<T> {
  private readonly byName = new Map<string, T[]>()

  /** @param entries names in any case; `*.rest` covers one label before the rest. The order is that of the results */
  constructor(entries: readonly { readonly names: readonly string[]; readonly value: T }[]) {
    for (const { names, value } of entries) for (const name of new Set(names.map(lower))) this.add(name, value)
  }

  /** The values of all entries that match a requested name, in order; empty if none matches. */
  find(name: string): readonly T[] {
    const requested = lower(name).replace(/\.$/, '')
    return this.byName.get(requested) ?? this.byName.get(requested.replace(/^[^.]+/, '*')) ?? NONE
  }

  private add(name: string, value: T): void {
    const values = this.byName.get(name)
    if (values === undefined) this.byName.set(name, [value])
    else values.push(value)
  }
}

const NONE: readonly never[] = []

const lower = (name: string): string => name.toLowerCase()
