/** A program that runs autocannon: `cannon-child URL CONNECTIONS PIPELINING SECONDS`. It prints the counts as JSON. */
import autocannon from 'autocannon'

const [url, ...numbers] = process.argv.slice(2)
const [connections, pipelining, duration] = numbers.map(Number) as [number, number, number]

const { errors, timeouts, non2xx, requests, resets } = await autocannon({
  url: url!,
  connections,
  pipelining,
  duration,
})
process.stdout.write(JSON.stringify({ errors, timeouts, non2xx, requests: requests.total, resets }))
