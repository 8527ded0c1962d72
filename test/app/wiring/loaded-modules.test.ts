/** Each kind of process loads only the modules and packages it needs: that keeps its start fast and its memory small. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { assert } from 'chai'
import { describe, it } from 'mocha'

const SOURCE = resolve(import.meta.dirname, '../../../src')

const COMMAND_LINE = /^(commander|convict|json5|yaml)$|^app\/cli\/|^adapters\/settings\//
const TOOLS = /^(autocannon|selfsigned)$|^adapters\/tools\//
const SERVER =
  /^(inversify|winston)$|^app\/(server\/server|serving\/|wiring\/server)|^adapters\/(socket|engine\/selectors)\//
const SUPERVISOR = /^app\/workers\/supervisor|^adapters\/workers\/forked-workers/

const PROCESSES: [entry: string, needs: RegExp[], lacks: RegExp[]][] = [
  ['app/main.js', [COMMAND_LINE], [TOOLS, SERVER, SUPERVISOR]],
  ['app/wiring/supervisor.js', [SUPERVISOR], [COMMAND_LINE, TOOLS, /^app\/(serving|files)\//]],
  ['app/wiring/server.js', [SERVER], [COMMAND_LINE, TOOLS, SUPERVISOR]],
  ['app/workers/worker-main.js', [SERVER], [COMMAND_LINE, TOOLS, SUPERVISOR]],
  [
    'app/threads/thread-main.js',
    [/^adapters\/plugins\//],
    [
      COMMAND_LINE,
      TOOLS,
      SUPERVISOR,
      /^(inversify|winston)$|^app\/(server|workers)\/|^adapters\/(socket|log|metrics)\//,
    ],
  ],
]

describe('Loaded modules', () => {
  for (const [entry, needs, lacks] of PROCESSES) {
    it(`src/${entry} loads only what its kind of process needs`, () => {
      const loaded = [...loadedFrom(entry)]
      for (const pattern of needs)
        assert.isNotEmpty(
          loaded.filter((name) => pattern.test(name)),
          String(pattern),
        )
      for (const pattern of lacks)
        assert.deepEqual(
          loaded.filter((name) => pattern.test(name)),
          [],
          String(pattern),
        )
    })
  }
})

/** @returns paths below `src` of the compiled modules, and names of the packages, that importing `entry` loads at once */
function loadedFrom(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found
  found.add(entry)
  const code = readFileSync(resolve(SOURCE, entry), 'utf8')
  for (const [, specifier] of code.matchAll(/^(?:import|export)\s(?:[^'"()]*\sfrom\s)?['"]([^'"]+)['"]/gm)) {
    if (specifier!.startsWith('.')) loadedFrom(resolve('/', dirname(entry), specifier!).slice(1), found)
    else found.add(specifier!)
  }
  return found
}
