/** What Prometheus asks for; OpenMetrics takes our text, too, since the answer's `Content-Type` says which it is. */
const TEXTS = ['text/plain', 'application/openmetrics-text']

/**
 * Whether an `Accept` field likes the text formats of Prometheus better than JSON (RFC 9110 §12.5.1). A tie goes to
 * JSON: curl and browsers, which take anything, get it.
 */
export function prefersText(accept: string | null): boolean {
  if (accept === null) return false
  const ranges = accept.split(',').map(parseRange)
  return Math.max(...TEXTS.map((type) => qualityOf(type, ranges))) > qualityOf('application/json', ranges)
}

interface MediaRange {
  readonly type: string
  readonly quality: number
}

function parseRange(member: string): MediaRange {
  const [type = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  // A weight that is no number asks for nothing.
  return { type, quality: weight === undefined ? 1 : Number(weight.slice(2)) || 0 }
}

/** The most specific range that matches decides; of several with other parameters, the most liked. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const pattern of [type, type.replace(/\/.*/, '/*'), '*/*']) {
    const matching = ranges.filter((range) => range.type === pattern)
    if (matching.length > 0) return Math.max(...matching.map(({ quality }) => quality))
  }
  return 0
}
