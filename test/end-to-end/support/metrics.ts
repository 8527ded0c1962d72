import { get } from '../../wire/requests.js'
import { RawClient } from './raw-client.js'

/** The part of the metrics that tests of faults read. */
export interface FaultMetrics {
  readonly connections: { readonly active: number }
  readonly requests: { readonly inFlight: number }
  readonly accessLogDropped: number
}

/** Requests the metrics of the server at a port. */
export async function metricsAt(port: number): Promise<FaultMetrics> {
  const client = await RawClient.connect(port)
  client.send(get('/_metrics'))
  const { content } = await client.response()
  client.close()
  return JSON.parse(content) as FaultMetrics
}
