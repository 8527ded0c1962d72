/**
 * The allowed imports, one rule per layer and no exceptions: every import points inward.
 *
 *   plugins -> src/plugin.ts -> ports -> domain        adapters -> ports, domain        app -> everything
 */

/** Files under `from` may import only `allowed`. */
const onlyImports = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
})

/** Only `importers` may import `path`. */
const onlyImportedBy = (name, comment, path, importers) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: importers },
  to: { path },
})

/** Files under `from` must not import `path`, directly or through other files. */
const neverReaches = (name, comment, from, path) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path, reachable: true },
})

/** 'portico/plugin', which resolves to the built package. */
const PLUGIN_ENTRY = ['^src/plugin\\.ts$', '^dist/src/plugin\\.(js|d\\.ts)$', '^portico/plugin$']

/** Paths of npm packages. */
const packages = (...names) => `(^|/)(${names.join('|')})(/|$)`

module.exports = {
  forbidden: [
    onlyImports('domain-is-pure', 'Domain imports only domain: no Node, no npm, no other layer', '^src/domain/', [
      '^src/domain/',
    ]),
    onlyImports('ports-look-inward', 'Ports import only ports and domain', '^src/ports/', ['^src/(ports|domain)/']),
    {
      name: 'ports-are-types',
      comment: 'Ports hold only types, so they import only types',
      severity: 'error',
      from: { path: '^src/ports/' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-keep-apart',
      comment: 'An adapter imports ports, domain, its own folder, Node and npm; never another adapter, never app',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)' },
      to: { path: '^(src|plugins|test|scripts|bench)/', pathNot: ['^src/(ports|domain)/', '^src/adapters/$1(/|$)'] },
    },
    {
      name: 'plugins-use-the-plugin-contract',
      comment: "A plugin imports 'portico/plugin', its own folder and Node",
      severity: 'error',
      from: { path: '^plugins/([^/]+)' },
      to: { pathNot: [...PLUGIN_ENTRY, '^plugins/$1(/|$)'], dependencyTypesNot: ['core'] },
    },
    onlyImports('plugin-entry-looks-inward', "'portico/plugin' exports from ports and domain", '^src/plugin\\.ts$', [
      '^src/(ports|domain)/',
    ]),
    onlyImports('package-entry-shows-app', "'portico' exports from app, ports and domain", '^src/portico\\.ts$', [
      '^src/(app|ports|domain)/',
    ]),
    onlyImportedBy('only-wiring-names-adapters', 'app/wiring chooses the adapters', '^src/adapters/', [
      '^src/adapters/',
      '^src/app/wiring/',
      '^test/',
    ]),
    onlyImportedBy('app-is-outermost', 'No other layer imports app', '^src/app/', [
      '^src/app/',
      '^src/portico\\.ts$',
      '^test/',
    ]),
    onlyImportedBy(
      'only-wiring-knows-inversify',
      'Nothing that runs per connection or request knows the container',
      packages('inversify', '@inversifyjs', 'reflect-metadata'),
      ['^src/app/wiring/', 'node_modules/'],
    ),
    neverReaches(
      'workers-load-only-their-own',
      'A worker starts without the command line, the tools, the reading of settings and the supervisor',
      '^src/app/workers/worker-main\\.ts$',
      [
        '^src/app/(main\\.ts$|cli/|workers/supervisor\\.ts$|wiring/(configuration|server|supervisor|tools)\\.ts$)',
        '^src/adapters/(settings|tools)/',
        packages('commander', 'convict', 'json5', 'yaml', 'autocannon', 'selfsigned'),
      ],
    ),
    neverReaches(
      'threads-load-only-their-own',
      'A handler thread starts without sockets, logs, the container and everything that a worker does not need',
      '^src/app/threads/thread-main\\.ts$',
      [
        '^src/app/(main\\.ts$|cli/|server/server\\.ts$|workers/|wiring/(?!thread\\.ts$))',
        '^src/adapters/(settings|tools|socket|tls|log|metrics|workers)/',
        packages(
          ...['commander', 'convict', 'json5', 'yaml', 'autocannon', 'selfsigned'],
          ...['inversify', '@inversifyjs', 'reflect-metadata', 'winston', 'koffi'],
        ),
      ],
    ),
    {
      name: 'certificates-are-made-on-demand',
      comment: 'The package that makes certificates is loaded when one is made, not when a server starts',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: packages('selfsigned'), dynamic: false },
    },
    onlyImportedBy('tests-stay-outside', 'Only tests import tests', '^test/', ['^test/']),
    {
      name: 'no-cycles',
      comment: 'No file imports itself through others, not even for types',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that does not resolve hides a dependency',
      severity: 'error',
      from: { path: '^(src|plugins)/' },
      to: { couldNotResolve: true, pathNot: ['^portico/plugin$'] },
    },
  ],
  options: {
    // These files run in a browser and import by the addresses that the dashboard serves.
    exclude: { path: '^plugins/dashboard/page/' },
    doNotFollow: { path: ['node_modules', '^dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
}
