import { Writable } from 'node:stream'
import { createLogger, format, transports, type Logger } from 'winston'
import type { Clock } from '../../ports/operations/clock.js'
import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { EventLine, Level } from './event-line.js'
import { IsoTime } from './iso-time.js'
import type { Sink } from './sink.js'

const NO_FACTS: Facts = {}

/** Writes the event log through winston into the sink that all logs share. */
export class WinstonEventLog implements EventLog {
  private constructor(
    private readonly logger: Logger,
    private readonly own: Facts,
  ) {}

  /** Makes a log that also reports the lines that the sink had to drop. */
  static into(sink: Sink, clock: Clock, line: EventLine, level: Settings['log']['level']): WinstonEventLog {
    const log = new WinstonEventLog(loggerInto(sink, clock, line, level), NO_FACTS)
    sink.onRecovery((dropped) => log.warn('log lines dropped', { dropped }))
    return log
  }

  debug(event: string, facts?: Facts): void {
    this.log('debug', event, facts)
  }

  info(event: string, facts?: Facts): void {
    this.log('info', event, facts)
  }

  warn(event: string, facts?: Facts): void {
    this.log('warn', event, facts)
  }

  error(event: string, facts?: Facts): void {
    this.log('error', event, facts)
  }

  with(facts: Facts): EventLog {
    return new WinstonEventLog(this.logger, { ...this.own, ...facts })
  }

  private log(level: Level, event: unknown, facts: Facts = NO_FACTS): void {
    if (!this.logger.isLevelEnabled(level)) return
    // A plugin in plain JavaScript may pass any value, such as an error in place of the facts.
    const given = facts instanceof Error ? { error: facts } : facts
    // The facts have one key of their own, because winston would use a fact named `message` or `level` as its own.
    this.logger.log({ level, message: String(event), facts: { ...this.own, ...given } })
  }
}

function loggerInto(sink: Sink, clock: Clock, line: EventLine, level: Settings['log']['level']): Logger {
  const time = new IsoTime()
  return createLogger({
    level: level === 'silent' ? 'error' : level,
    silent: level === 'silent',
    format: format.printf((info) =>
      line(time.text(clock.wall()), info.level as Level, info.message as string, info['facts'] as Facts),
    ),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types mix up instance and class
    transports: new transports.Stream({ stream: streamInto(sink), eol: '\n' }),
  })
}

function streamInto(sink: Sink): Writable {
  return new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      sink.append(line)
      done()
    },
  })
}
