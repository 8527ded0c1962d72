/**
 * Which entries answer for a server name that a TLS client asks for (RFC 6066 §3, RFC 9525 §6.3): those that have the name
 * itself, else those with a wildcard that covers it.
 */
export class ServerNames<T> {
  private readonly byName = new Map<string, T[]>()

  /** @param entries names in any case; `*.rest` covers one label before the rest. The first is found first */
  constructor(entries: readonly { readonly names: readonly string[]; readonly value: T }[]) {
    for (const { names, value } of entries) for (const name of new Set(names.map(lower))) this.add(name, value)
  }

  /** @param name as it was asked for */
  find(name: string): readonly T[] {
    const asked = lower(name).replace(/\.$/, '')
    return this.byName.get(asked) ?? this.byName.get(asked.replace(/^[^.]+/, '*')) ?? NONE
  }

  private add(name: string, value: T): void {
    const values = this.byName.get(name)
    if (values === undefined) this.byName.set(name, [value])
    else values.push(value)
  }
}

const NONE: readonly never[] = []

const lower = (name: string): string => name.toLowerCase()
