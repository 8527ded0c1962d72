/**
 * Bundles the program into `bundle/`, so that it starts from a few files: reading hundreds of modules takes Node several
 * times as long as running them. The shipped plugins share the bundle's chunks with the server.
 *
 * An entry has the path of its source: `bundle/src/app/main.js`. Code that ends up in a chunk still finds other files
 * relative to its source, because `import.meta.url` is replaced by the address that its source would have in `bundle/`.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { decode } from '@jridgewell/sourcemap-codec'
import { build } from 'esbuild'
import { ROOT } from './set-up.mjs'

const FOLDER = 'bundle'
const BUNDLE = join(ROOT, FOLDER)
/** More than the columns of any line. */
const COLUMNS = 2 ** 24

/** Each is the main module of a process or a thread. */
const PROGRAMS = [
  'src/app/main',
  'src/app/workers/worker-main',
  'src/app/threads/thread-main',
  'src/app/cli/compare/compared-main',
]
/** Modules that are imported by name, or by an address that is known only at run time. */
const MODULES = [
  'src/portico',
  'src/plugin',
  'src/adapters/plugins/plugin-entry-hook',
  'src/adapters/plugins/typescript-hook',
  ...pluginModules(),
]
/** Packages with native or WebAssembly files, a package that must be the user's copy, and those that few commands load. */
const NOT_BUNDLED = ['koffi', '@swc/wasm-typescript', '@opentelemetry/api', 'autocannon', 'selfsigned']

/** Gives bundled CommonJS packages `require`, and every file the address of the folder. */
const BANNER = `import { createRequire as createRequireHere } from 'node:module'
const require = createRequireHere(import.meta.url)
const bundleUrl = import.meta.url.slice(0, import.meta.url.lastIndexOf('/${FOLDER}/') + '/${FOLDER}/'.length)
`

rmSync(BUNDLE, { recursive: true, force: true })
await build({
  absWorkingDir: ROOT,
  outbase: '.',
  outdir: FOLDER,
  chunkNames: 'chunks/[name]-[hash]',
  entryPoints: [
    ...PROGRAMS.map((path) => ({ in: `${path}.ts`, out: `${path}.bundled` })),
    ...MODULES.map((path) => ({ in: `${path}.ts`, out: path })),
  ],
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  sourcemap: 'external',
  sourcesContent: false,
  external: NOT_BUNDLED,
  alias: { 'portico/plugin': './src/plugin.ts' },
  banner: { js: BANNER },
  plugins: [{ name: 'addresses', setup: keepAddresses }],
  logLevel: 'warning',
})
PROGRAMS.forEach(writeProgram)
writePlaces()

function pluginModules() {
  const entries = readdirSync(join(ROOT, 'plugins'), { withFileTypes: true })
  return entries.map(
    (entry) => `plugins/${entry.isDirectory() ? `${entry.name}/index` : entry.name.replace(/\.ts$/, '')}`,
  )
}

/** Replaces `import.meta.url` in our sources. */
function keepAddresses({ onLoad }) {
  onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const source = readFileSync(path, 'utf8')
    if (!source.includes('import.meta.url')) return
    const address = `(bundleUrl + ${JSON.stringify(relative(ROOT, path).replace(/\.ts$/, '.js'))})`
    return { loader: 'ts', contents: source.replaceAll('import.meta.url', address) }
  })
}

/**
 * Replaces the source maps by one table of the places where lines of our sources begin. The log needs only these, and parses
 * them much faster (`src/adapters/log/source-places.ts` describes the format).
 */
function writePlaces() {
  const maps = readdirSync(BUNDLE, { recursive: true }).filter((path) => path.endsWith('.map'))
  const files = Object.fromEntries(maps.map((path) => [path.replace(/\.map$/, ''), placesOf(join(BUNDLE, path))]))
  writeFileSync(join(BUNDLE, 'places.json'), JSON.stringify({ columns: COLUMNS, files }))
  for (const path of maps) rmSync(join(BUNDLE, path))
}

function placesOf(map) {
  const { sources, mappings } = JSON.parse(readFileSync(map, 'utf8'))
  const names = sources.map((source) => relative(ROOT, join(map, '..', source)))
  const table = { names, places: [], sources: [], lines: [] }
  decode(mappings).forEach((segments, line) => {
    for (const [column, source = -1, sourceLine = -1] of segments) {
      const isOurs = source !== -1 && !names[source].startsWith('node_modules')
      addPlace(table, (line + 1) * COLUMNS + column + 1, isOurs ? source : -1, isOurs ? sourceLine + 1 : -1)
    }
  })
  return table
}

/** Adds a place, unless the line of the place before it goes on. */
function addPlace({ places, sources, lines }, place, source, line) {
  if (sources.at(-1) === source && lines.at(-1) === line) return
  places.push(place)
  sources.push(source)
  lines.push(line)
}

/**
 * Writes the main module of a process or a thread. It turns on Node's compile cache, where there is one, before it loads the
 * bundled program: the cache does not apply to modules that are already loaded.
 */
function writeProgram(path) {
  const source = `#!/usr/bin/env node
import module from 'node:module'
module.enableCompileCache?.()
await import('./${basename(path)}.bundled.js')
`
  writeFileSync(join(BUNDLE, `${path}.js`), source, { mode: 0o755 })
}
