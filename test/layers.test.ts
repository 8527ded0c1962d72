/**
 * The layer rules bite: a small house is built in a temporary folder, with one wrong arrow a file, and the linter of
 * imports must name the rule that each breaks. That the real house breaks none is what `npm run lint` shows. What no
 * import line tells is looked for in the compiled modules.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'

/** Where the layers are as compiled, beside this file as compiled. */
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
  ['src/adapters/b/knows-app.ts', "import '../../app/container.js'", 'adapters-keep-apart'],
  ['src/adapters/b/is-wired.ts', "import 'inversify'", 'only-the-container-knows-inversify'],
  ['src/adapters/b/waits.ts', "import 'selfsigned'", 'certificates-are-made-on-demand'],
  ['src/app/names-adapter.ts', "import '../adapters/a/a.js'", 'only-the-container-names-adapters'],
  ['src/app/asks-container.ts', "import 'inversify'", 'only-the-container-knows-inversify'],
  ['src/app/reflects.ts', "import 'reflect-metadata'", 'only-the-container-knows-inversify'],
  ['src/app/uses-test.ts', "import '../../test/fake.js'", 'tests-stay-outside'],
  ['src/plugin.ts', "import './app/container.js'", 'plugin-entry-looks-inward'],
  ['src/portico.ts', "import './adapters/a/a.js'", 'package-entry-shows-app'],
  ['plugins/knows-domain.ts', "import '../src/domain/domain.js'", 'plugins-use-the-plugin-contract'],
  ['plugins/knows-app.ts', "import '../src/app/container.js'", 'nobody-leans-on-app'],
  ['plugins/knows-plugin.ts', "import './folder/plugin.js'", 'plugins-use-the-plugin-contract'],
  ['plugins/uses-npm.ts', "import 'winston'", 'plugins-use-the-plugin-contract'],
]

const ALLOWED: [from: string, statement: string, arrow: string][] = [
  ['src/domain/uses-domain.ts', "import './domain.js'", 'domain to domain'],
  ['src/ports/port.ts', "import type { Domain } from '../domain/domain.js'", 'ports to types of the domain'],
  [
    'src/adapters/a/a.ts',
    "import 'winston'\nimport 'node:fs'\nimport './own.js'",
    'adapter to Node, npm and its folder',
  ],
  ['src/adapters/b/b.ts', "import type { Port } from '../../ports/port.js'", 'adapter to ports'],
  ['src/adapters/b/asks.ts', "await import('selfsigned')", 'adapter to what makes certificates, when one is wanted'],
  ['src/app/container.ts', "import 'inversify'\nimport '../adapters/a/a.js'", 'container to inversify and adapters'],
  ['src/app/tokens.ts', "import 'inversify'", 'tokens to inversify'],
  ['plugins/hello.ts', "import 'portico/plugin'\nimport 'node:path'", 'plugin to its contract and Node'],
  ['plugins/folder/plugin.ts', "import './part.js'", 'plugin to its own folder'],
  ['test/any.test.ts', "import '../src/adapters/a/a.js'\nimport '../src/app/container.js'", 'tests to everything'],
]

const OTHERS: [path: string, text: string][] = [
  ['src/domain/domain.ts', 'export type Domain = 1\nexport const domain = 1'],
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
  let house: string
  let broken: Set<string>

  before(function () {
    this.timeout(60_000)
    house = mkdtempSync(join(tmpdir(), 'portico-layers-'))
    build(house)
    broken = new Set(violations(house).map((violation) => `${violation.from} breaks ${violation.rule.name}`))
  })

  after(() => rmSync(house, { recursive: true }))

  for (const [from, statement, rule] of FORBIDDEN) {
    it(`${rule}: ${from} may not say ${statement.split('\n')[0]!}`, () => {
      assert.include([...broken], `${from} breaks ${rule}`)
    })
  }

  for (const [from, , arrow] of ALLOWED) {
    it(`allow ${arrow}`, () => {
      assert.deepEqual(
        [...broken].filter((line) => line.startsWith(from)),
        [],
      )
    })
  }
})

describe('Domain', () => {
  // This also lets a module that no test imports count as not covered, where it would not be seen at all.
  for (const path of compiled('domain')) {
    it(`src/domain/${path.replace(/\.js$/, '.ts')} loads by itself`, () => import(join(LAYERS, 'domain', path)))
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

function build(house: string): void {
  for (const [path, text] of [...FORBIDDEN, ...ALLOWED, ...OTHERS]) {
    mkdirSync(dirname(join(house, path)), { recursive: true })
    writeFileSync(join(house, path), text)
  }
  copyFileSync('tsconfig.json', join(house, 'tsconfig.json'))
}

function violations(house: string): Violation[] {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const config = relative(house, resolve('.dependency-cruiser.cjs'))
  const run = spawnSync(
    process.execPath,
    [program, '--config', config, '--output-type', 'json', 'src', 'plugins', 'test'],
    {
      cwd: house,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  )
  const report = JSON.parse(run.stdout) as { summary: { violations: Violation[] } }
  return report.summary.violations
}
