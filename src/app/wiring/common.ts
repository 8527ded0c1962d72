/** The part of the wiring that every serving process shares: settings, clock and event log. */
import 'reflect-metadata'
import { Container } from 'inversify'
import { SystemClock } from '../../adapters/clock/system-clock.js'
import { colouredEventLine, jsonEventLine, plainEventLine } from '../../adapters/log/event-line.js'
import { openOutput } from '../../adapters/log/output.js'
import { Sink } from '../../adapters/log/sink.js'
import { WinstonEventLog } from '../../adapters/log/winston-event-log.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { WorkerConfiguration } from '../../ports/workers/worker-processes.js'
import { CLOCK, EVENT_LOG, SETTINGS, SINK } from './tokens.js'

const STANDARD_OUTPUT = 1

/**
 * Makes a container with the settings, the clock and the event log.
 *
 * @param worker tells a worker's log its number and whether the supervisor's output is a terminal; `null` in any other process
 */
export function containerFor(
  settings: Settings,
  worker: Pick<WorkerConfiguration, 'worker' | 'coloured'> | null,
): Container {
  const container = new Container({ defaultScope: 'Singleton' })
  container.bind(SETTINGS).toConstantValue(settings)
  container.bind(CLOCK).toConstantValue(new SystemClock())
  container.bind(SINK).toResolvedValue((clock: Clock) => new Sink(openOutput(STANDARD_OUTPUT), clock), [CLOCK])
  container.bind(EVENT_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { log }: Settings) => {
      const plain = (worker?.coloured ?? sink.isTerminal) ? colouredEventLine : plainEventLine
      const events = WinstonEventLog.into(sink, clock, log.format === 'json' ? jsonEventLine : plain, log.level)
      return worker === null ? events : events.with({ worker: worker.worker })
    },
    [SINK, CLOCK, SETTINGS],
  )
  return container
}
