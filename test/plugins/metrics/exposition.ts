import { assert } from 'chai'

/** A sample of the Prometheus text format. */
export interface ExposedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A family with its samples. */
export interface ExposedFamily {
  readonly name: string
  readonly type: string
  readonly samples: ExposedSample[]
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\n]|\\\\|\\n)+)$/
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf))$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/**
 * Parses the Prometheus text exposition format 0.0.4, more strictly than Prometheus does. Each family has its help, then its
 * type, then its samples, each of them once. Counters end in `_total` and are not negative. The buckets of a histogram
 * increase, and the last one has the bound `+Inf` and equals the count.
 */
export function readExposition(text: string): Map<string, ExposedFamily> {
  assert.match(text, /\n$/, 'the last line has an end')
  const families = new Map<string, ExposedFamily>()
  let helped = ''
  let samples: ExposedSample[] | null = null
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP.exec(line)
    const type = TYPE.exec(line)
    if (help !== null) {
      helped = help[1]!
    } else if (type !== null) {
      assert.equal(type[1], helped, 'help is directly before its type')
      assert.isFalse(families.has(helped), `${helped} occurs once`)
      samples = []
      families.set(helped, { name: helped, type: type[2]!, samples })
    } else {
      samples ??= assert.fail('samples follow a type')
      samples.push(readSample(line))
    }
  }
  for (const each of families.values()) checkFamily(each)
  return families
}

function readSample(line: string): ExposedSample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? assert.fail(`not a sample: ${line}`)
  return { name: name!, labels: readLabels(labels), value: value === '+Inf' ? Infinity : Number(value) }
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length;) {
    const [, name, value] = LABEL.exec(text) ?? assert.fail(`not labels: ${text}`)
    assert.notProperty(labels, name!)
    labels[name!] = value!.replace(/\\(.)/g, (_, escape: string) => (escape === 'n' ? '\n' : escape))
  }
  return labels
}

function checkFamily({ name, type, samples }: ExposedFamily): void {
  const identities = samples.map((sample) => JSON.stringify([sample.name, sample.labels]))
  assert.equal(new Set(identities).size, samples.length, `no sample of ${name} occurs twice`)
  if (type === 'histogram') {
    checkHistogram(name, samples)
    return
  }
  assert.isTrue(
    samples.every((sample) => sample.name === name),
    `only samples of ${name} follow its type`,
  )
  if (type === 'counter') {
    assert.match(name, /_total$/)
    assert.isTrue(samples.every(({ value }) => value >= 0))
  }
}

function checkHistogram(name: string, samples: readonly ExposedSample[]): void {
  const series = bySeries(samples)
  for (const each of series.values()) {
    const buckets = each.filter((sample) => sample.name === `${name}_bucket`)
    const [sum, count, ...others] = each.slice(buckets.length)
    assert.deepEqual([sum?.name, count?.name, others.length], [`${name}_sum`, `${name}_count`, 0])
    const bounds = buckets.map(({ labels }) => (labels['le'] === '+Inf' ? Infinity : Number(labels['le'])))
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      'bounds increase',
    )
    assert.equal(bounds.at(-1), Infinity)
    const counts = buckets.map(({ value }) => value)
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      'buckets are cumulative',
    )
    assert.equal(counts.at(-1), count?.value, '+Inf is the count')
  }
}

function bySeries(samples: readonly ExposedSample[]): Map<string, ExposedSample[]> {
  const series = new Map<string, ExposedSample[]>()
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    series.set(key, [...(series.get(key) ?? []), sample])
  }
  return series
}
