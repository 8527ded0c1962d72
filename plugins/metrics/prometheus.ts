import type { MetricsSnapshot, WorkerSnapshot } from 'portico/plugin'
import { CREW_FAMILIES, type Family, type Labels, PROCESS_FAMILIES, type Sample } from './families.js'

/** Prometheus text exposition format 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** What has samples, and the labels that tell them from those of others. */
interface Scope<Subject> {
  readonly labels: Labels
  readonly subject: Subject
}

/** All workers together. */
export function prometheusText(snapshot: MetricsSnapshot): string {
  const ofProcesses = textOf(PROCESS_FAMILIES, [{ labels: {}, subject: snapshot }])
  return ofProcesses + textOf(CREW_FAMILIES, [{ labels: {}, subject: snapshot.workers }])
}

/**
 * The same series for each worker, but for those about the workers as a whole. Its process stands beside its number,
 * which two of them have while one takes the place of the other.
 */
export function perWorkerText(workers: readonly WorkerSnapshot[]): string {
  return textOf(PROCESS_FAMILIES, workers.map(scopeOf))
}

function scopeOf({ worker, pid, snapshot }: WorkerSnapshot): Scope<WorkerSnapshot['snapshot']> {
  return { labels: { worker: String(worker), pid: String(pid) }, subject: snapshot }
}

/** Every family in one piece, with its help and type. Labels are names of ours, never a peer's words. */
function textOf<Subject>(families: readonly Family<Subject>[], scopes: readonly Scope<Subject>[]): string {
  return families.map((family) => heading(family) + scopes.map((scope) => samplesOf(family, scope)).join('')).join('')
}

function heading({ name, help, type }: Family<never>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

function samplesOf<Subject>({ name, told }: Family<Subject>, { labels, subject }: Scope<Subject>): string {
  const found = told(subject)
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
