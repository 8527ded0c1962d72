/**
 * Bundles the program into `bundle/`, so that it starts from a few files: reading hundreds of modules takes Node several
 * times as long as running them. The shipped plugins share the bundle's chunks with the server.
 *
 * An entry has the path of its source: `bundle/src/app/main.js`. Code that ends up in a chunk still finds other files
 * relative to its source, because `import.meta.url` is replaced by the address that its source would have in `bundle/`.
 */
import { Buffer } from 'node:buffer'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = 'bundle'

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

rmSync(join(ROOT, FOLDER), { recursive: true, force: true })
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
  sourcemap: true,
  sourcesContent: false,
  external: NOT_BUNDLED,
  alias: { 'portico/plugin': './src/plugin.ts' },
  banner: { js: BANNER },
  plugins: [
    { name: 'addresses', setup: keepAddresses },
    { name: 'smaller-maps', setup: mapOnlyOurs },
  ],
  logLevel: 'warning',
})
PROGRAMS.forEach(writeProgram)

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

/** Leaves the packages out of the source maps. Node reads all maps at the start, and those of packages are most of them. */
function mapOnlyOurs({ onLoad }) {
  const empty = Buffer.from('{"version":3,"sources":[""],"mappings":"A"}').toString('base64')
  onLoad({ filter: /node_modules.*\.[cm]?js$/ }, ({ path }) => {
    const contents = `${readFileSync(path, 'utf8')}\n//# sourceMappingURL=data:application/json;base64,${empty}`
    return { loader: 'js', contents }
  })
}

/**
 * Writes the main module of a process or a thread. It loads the bundled program only after source maps and, where Node has
 * one, the compile cache are turned on, because neither applies to modules that are already loaded.
 */
function writeProgram(path) {
  const bundled = `./${path.replace(/^.*\//, '')}.bundled.js`
  const source = `#!/usr/bin/env node
import module from 'node:module'
process.setSourceMapsEnabled(true)
module.enableCompileCache?.()
await import('${bundled}')
`
  writeFileSync(join(ROOT, FOLDER, `${path}.js`), source, { mode: 0o755 })
}
