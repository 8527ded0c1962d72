import { describe } from 'mocha'
import { accessLogContract } from '../contract/access-log.js'
import { eventLogContract } from '../contract/event-log.js'
import { metricsContract } from '../contract/metrics.js'
import { RecordingAccessLog } from './access-log.js'
import { RecordingEventLog } from './event-log.js'
import { RecordingMetrics } from './metrics.js'

describe('RecordingAccessLog', () => {
  accessLogContract(() => {
    const log = new RecordingAccessLog()
    return { log, close: () => log.close(), recorded: () => log.exchanges }
  })
})

describe('RecordingEventLog', () => {
  eventLogContract(() => {
    const log = new RecordingEventLog()
    return {
      log,
      recorded: () =>
        log.events.map(({ level, event, facts }) => {
          const { error } = facts
          return { level, event, facts: error instanceof Error ? { ...facts, error: error.message } : facts }
        }),
    }
  })
})

describe('RecordingMetrics', () => metricsContract(() => new RecordingMetrics()))
