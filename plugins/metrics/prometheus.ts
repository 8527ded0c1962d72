import type { MetricsSnapshot, WorkerSnapshot } from 'portico/plugin'
import { GROUP_FAMILIES, type Family, type Labels, PROCESS_FAMILIES, type Sample } from './families.js'

/** The media type of the Prometheus text exposition format 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** A subject that has samples, and the labels that distinguish them from the samples of other subjects. */
interface Scope<Subject> {
  readonly labels: Labels
  readonly subject: Subject
}

/** Returns the metrics of all workers together. */
export function prometheusText(snapshot: MetricsSnapshot): string {
  const ofProcesses = textOf(PROCESS_FAMILIES, [{ labels: {}, subject: snapshot }])
  return ofProcesses + textOf(GROUP_FAMILIES, [{ labels: {}, subject: snapshot.workers }])
}

/**
 * Returns the same series for each worker, without the families of the group. Samples have the labels `worker` and `pid`,
 * because two processes have the same number while one replaces the other.
 */
export function perWorkerText(workers: readonly WorkerSnapshot[]): string {
  return textOf(PROCESS_FAMILIES, workers.map(scopeOf))
}

function scopeOf({ worker, pid, snapshot }: WorkerSnapshot): Scope<WorkerSnapshot['snapshot']> {
  return { labels: { worker: String(worker), pid: String(pid) }, subject: snapshot }
}

/** Writes each family once, with its help and type. Labels are names from the server and its plugins, never from a peer. */
function textOf<Subject>(families: readonly Family<Subject>[], scopes: readonly Scope<Subject>[]): string {
  return families.map((family) => heading(family) + scopes.map((scope) => samplesOf(family, scope)).join('')).join('')
}

function heading({ name, help, type }: Family<never>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

function samplesOf<Subject>({ name, read }: Family<Subject>, { labels, subject }: Scope<Subject>): string {
  const found = read(subject)
  const samples: readonly Sample[] = typeof found === 'number' ? [[{}, found]] : found
  return samples.map(([own, value, suffix = '']) => sample(name + suffix, { ...labels, ...own }, value)).join('')
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedLabel(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}

/** "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and line feed" are escaped. */
function escapedLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
