/**
 * The arrows of the house (one rule per layer, no exceptions): everything points inward.
 *
 *   plugins -> src/plugin.ts -> ports -> domain        adapters -> ports, domain        app -> everything
 */

/** A rule: files under `from` import nothing but `allowed`. */
const onlyImports = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
})

/** A rule: only `importers` import `path`. */
const onlyImportedBy = (name, comment, path, importers) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: importers },
  to: { path },
})

/** The package by its own name, which resolves to what is built. */
const PLUGIN_ENTRY = ['^src/plugin\\.ts$', '^dist/src/plugin\\.(js|d\\.ts)$', '^portico/plugin$']

module.exports = {
  forbidden: [
    onlyImports('domain-is-pure', 'Domain imports domain: no Node, no npm, nothing above it', '^src/domain/', [
      '^src/domain/',
    ]),
    onlyImports('ports-look-inward', 'Ports import ports and domain', '^src/ports/', ['^src/(ports|domain)/']),
    {
      name: 'ports-are-types',
      comment: 'Ports hold types only, so all they import is types',
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
    onlyImports('plugin-entry-looks-inward', "'portico/plugin' gathers from ports and domain", '^src/plugin\\.ts$', [
      '^src/(ports|domain)/',
    ]),
    onlyImports('package-entry-shows-app', "'portico' gathers from app, ports and domain", '^src/portico\\.ts$', [
      '^src/(app|ports|domain)/',
    ]),
    onlyImportedBy('only-the-container-names-adapters', 'app/container.ts wires', '^src/adapters/', [
      '^src/adapters/',
      '^src/app/container\\.ts$',
      '^test/',
    ]),
    onlyImportedBy('nobody-leans-on-app', 'App is the outermost layer', '^src/app/', [
      '^src/app/',
      '^src/portico\\.ts$',
      '^test/',
    ]),
    onlyImportedBy(
      'only-the-container-knows-inversify',
      'Nothing that runs per connection or request knows the container',
      '(^|/)(inversify|@inversifyjs|reflect-metadata)(/|$)',
      ['^src/app/(container|tokens)\\.ts$', 'node_modules/'],
    ),
    {
      name: 'certificates-are-made-on-demand',
      comment: 'What makes certificates is loaded when one is made: the server neither waits for it nor holds it',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '(^|/)selfsigned(/|$)', dynamic: false },
    },
    onlyImportedBy('tests-stay-outside', 'Only tests import tests', '^test/', ['^test/']),
    {
      name: 'no-cycles',
      comment: 'Files form no circle, not even of types',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that leads nowhere hides what it depends on',
      severity: 'error',
      from: { path: '^(src|plugins)/' },
      to: { couldNotResolve: true, pathNot: ['^portico/plugin$'] },
    },
  ],
  options: {
    // What runs in a browser, by addresses that the dashboard answers.
    exclude: { path: '^plugins/dashboard/page/' },
    doNotFollow: { path: ['node_modules', '^dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
}
