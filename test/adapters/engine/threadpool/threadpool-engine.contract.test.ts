import { SystemClock } from '../../../../src/adapters/clock/system-clock.js'
import { ThreadpoolEngine } from '../../../../src/adapters/engine/threadpool/threadpool-engine.js'
import { handlerThreads } from '../../../../src/app/wiring/server-bindings.js'
import { DEFAULT_TIMINGS } from '../../../../src/adapters/engine/threadpool/timings.js'
import { CONTRACT_SETTINGS } from '../../../contract/engine-bench.js'
import { engineContract } from '../../../contract/engine.js'

engineContract(
  'ThreadpoolEngine',
  () =>
    new ThreadpoolEngine(CONTRACT_SETTINGS, new SystemClock(), handlerThreads(CONTRACT_SETTINGS), () => 0, {
      ...DEFAULT_TIMINGS,
      stateMs: 10,
    }),
)
