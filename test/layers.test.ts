/**
 * Shows that each rule of `.dependency-cruiser.cjs` catches a violation. A small project is written to a temporary folder,
 * with one forbidden import per file, and dependency-cruiser must name the rule that each file breaks. `npm run lint` shows
 * that the real project breaks none. The compiled modules are checked for the rest.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'

/** The folder of the compiled layers. */
const LAYERS = resolve(import.meta.dirname, '../src')

const FORBIDDEN: [from: string, statement: string, rule: string][] = [
  ['src/domain/reads-files.ts', "import 'node:fs'", 'domain-is-pure'],
  ['src/domain/uses-npm.ts', "import 'winston'", 'domain-is-pure'],
  ['src/domain/knows-port.ts', "import type { Port } from '../ports/port.js'", 'domain-is-pure'],
  ['src/domain/circle.ts', "import type { Circle } from './way-back.js'", 'no-cycles'],
  ['src/domain/lost.ts', "import './nowhere.js'", 'everything-resolves'],
  ['src/ports/knows-adapter.ts', "import type { A } from '../adapters/a/a.js'", 'ports-look-inward'],
  ['src/ports/knows-node.ts', "import type { Socket } from 'node:net'", 'ports-look-inward'],
  [
    'src/ports/runs-code.ts',
    "import { domain } from '../domain/domain.js'\nexport const x = domain",
    'ports-are-types',
  ],
  ['src/adapters/b/knows-a.ts', "import '../a/a.js'", 'adapters-keep-apart'],
  ['src/adapters/b/knows-app.ts', "import '../../app/wiring/server.js'", 'adapters-keep-apart'],
  ['src/adapters/b/is-wired.ts', "import 'inversify'", 'only-wiring-knows-inversify'],
  ['src/adapters/b/waits.ts', "import 'selfsigned'", 'certificates-are-made-on-demand'],
  ['src/app/names-adapter.ts', "import '../adapters/a/a.js'", 'only-wiring-names-adapters'],
  ['src/app/asks-container.ts', "import 'inversify'", 'only-wiring-knows-inversify'],
  ['src/app/reflects.ts', "import 'reflect-metadata'", 'only-wiring-knows-inversify'],
  ['src/app/uses-test.ts', "import '../../test/fake.js'", 'tests-stay-outside'],
  ['src/app/workers/worker-main.ts', "import './imports-settings.js'", 'workers-load-only-their-own'],
  ['src/app/threads/thread-main.ts', "import './imports-container.js'", 'threads-load-only-their-own'],
  ['src/plugin.ts', "import './app/wiring/server.js'", 'plugin-entry-looks-inward'],
  ['src/portico.ts', "import './adapters/a/a.js'", 'package-entry-shows-app'],
  ['plugins/knows-domain.ts', "import '../src/domain/domain.js'", 'plugins-use-the-plugin-contract'],
  ['plugins/knows-app.ts', "import '../src/app/wiring/server.js'", 'app-is-outermost'],
  ['plugins/knows-plugin.ts', "import './folder/plugin.js'", 'plugins-use-the-plugin-contract'],
  ['plugins/uses-npm.ts', "import 'winston'", 'plugins-use-the-plugin-contract'],
]

const ALLOWED: [from: string, statement: string, imported: string][] = [
  ['src/domain/uses-domain.ts', "import './domain.js'", 'domain to domain'],
  ['src/ports/port.ts', "import type { Domain } from '../domain/domain.js'", 'ports to types of the domain'],
  [
    'src/adapters/a/a.ts',
    "import 'winston'\nimport 'node:fs'\nimport './own.js'",
    'adapter to Node, npm and its folder',
  ],
  ['src/adapters/b/b.ts', "import type { Port } from '../../ports/port.js'", 'adapter to ports'],
  [
    'src/adapters/b/asks.ts',
    "await import('selfsigned')",
    'adapter to the package that makes certificates, when one is made',
  ],
  [
    'src/app/wiring/server.ts',
    "import 'inversify'\nimport '../../adapters/a/a.js'\nimport '../../adapters/settings/layers.js'",
    'wiring to inversify and adapters',
  ],
  ['src/app/wiring/thread.ts', "import '../../adapters/a/a.js'", 'wiring of a thread to its adapters'],
  ['plugins/hello.ts', "import 'portico/plugin'\nimport 'node:path'", 'plugin to its contract and Node'],
  ['plugins/folder/plugin.ts', "import './part.js'", 'plugin to its own folder'],
  ['test/any.test.ts', "import '../src/adapters/a/a.js'\nimport '../src/app/wiring/server.js'", 'tests to everything'],
]

const OTHERS: [path: string, text: string][] = [
  ['src/domain/domain.ts', 'export type Domain = 1\nexport const domain = 1'],
  ['src/adapters/settings/layers.ts', 'export {}'],
  ['src/app/workers/imports-settings.ts', "import '../wiring/worker.js'"],
  ['src/app/wiring/worker.ts', "import '../../adapters/settings/layers.js'"],
  ['src/app/threads/imports-container.ts', "import '../wiring/common.js'"],
  ['src/app/wiring/common.ts', "import 'inversify'"],
  ['src/domain/way-back.ts', "import './circle.js'\nexport type Circle = 1"],
  ['src/adapters/a/own.ts', 'export {}'],
  ['plugins/folder/part.ts', 'export {}'],
  ['test/fake.ts', 'export {}'],
  ['package.json', '{ "name": "portico", "type": "module" }'],
  ...['inversify', 'reflect-metadata', 'selfsigned', 'winston'].flatMap((name): [string, string][] => [
    [`node_modules/${name}/package.json`, `{ "name": "${name}", "main": "index.js" }`],
    [`node_modules/${name}/index.js`, ''],
  ]),
]

interface Violation {
  readonly from: string
  readonly rule: { readonly name: string }
}

describe('Layer rules', () => {
  let project: string
  let broken: Set<string>

  before(() => {
    project = mkdtempSync(join(tmpdir(), 'portico-layers-'))
    build(project)
    broken = new Set(violations(project).map((violation) => `${violation.from} breaks ${violation.rule.name}`))
  })

  after(() => rmSync(project, { recursive: true }))

  for (const [from, statement, rule] of FORBIDDEN) {
    it(`${rule}: ${from} may not contain ${statement.split('\n')[0]!}`, () => {
      assert.include([...broken], `${from} breaks ${rule}`)
    })
  }

  for (const [from, , imported] of ALLOWED) {
    it(`allow ${imported}`, () => {
      assert.deepEqual(
        [...broken].filter((line) => line.startsWith(from)),
        [],
      )
    })
  }
})

describe('Domain', () => {
  // Coverage sees a module that no other test imports only because this test loads it.
  for (const path of compiled('domain')) {
    it(`src/domain/${path.replace(/\.js$/, '.ts')} loads on its own`, () => import(join(LAYERS, 'domain', path)))
  }
})

describe('Ports', () => {
  for (const path of compiled('ports')) {
    it(`src/ports/${path.replace(/\.js$/, '.ts')} compiles to nothing`, () => {
      const code = readFileSync(join(LAYERS, 'ports', path), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')
      assert.equal(code.trim(), 'export {};')
    })
  }
})

function compiled(layer: string): string[] {
  const paths = readdirSync(join(LAYERS, layer), { recursive: true, encoding: 'utf8' })
  return paths.filter((path) => path.endsWith('.js'))
}

function build(project: string): void {
  for (const [path, text] of [...FORBIDDEN, ...ALLOWED, ...OTHERS]) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
  }
  copyFileSync('tsconfig.json', join(project, 'tsconfig.json'))
}

function violations(project: string): Violation[] {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const config = relative(project, resolve('.dependency-cruiser.cjs'))
  const run = spawnSync(
    process.execPath,
    [program, '--config', config, '--output-type', 'json', 'src', 'plugins', 'test'],
    {
      cwd: project,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  )
  const report = JSON.parse(run.stdout) as { summary: { violations: Violation[] } }
  return report.summary.violations
}
