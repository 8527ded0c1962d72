/**
 * `npm run bench:engines -- [--only PART,...] [--rounds N] [--seconds N] [--load wrk|autocannon] [--log-to FILE]
 * [--save-as NAME] [-- PORTICO FLAGS]`:
 *
 * Measures Portico's engines in one run and in turns: a trivial handler, a heavy handler, a light handler beside a
 * heavy one, overload, and one worker process against two. Prints medians and ranges, and keeps every round in
 * bench/results/. Where wrk cannot generate the load, clients in bench/load/ do.
 */
import { turnsFor } from './compute.mjs'
import { beside } from './engines/beside.mjs'
import { heavy, HEAVY_MS } from './engines/heavy.mjs'
import { overload } from './engines/overload.mjs'
import { trivial } from './engines/trivial.mjs'
import { workers } from './engines/workers.mjs'
import { CAN_GO_FIRST } from './load/clients.mjs'
import { measureParts, onlyOption } from './parts.mjs'
import { asked, conditionsOf } from './session.mjs'

const PARTS = [trivial, heavy, beside, overload, workers]

const options = asked('engines', onlyOption(PARTS))
const turns = turnsFor(HEAVY_MS)
const conditions = { ...conditionsOf(options), clientsGoFirst: CAN_GO_FIRST, turnsOfHeavyRoute: turns }
await measureParts(PARTS, options, { turns }, conditions)
