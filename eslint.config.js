import { defineConfig, globalIgnores } from 'eslint/config'
import prettier from 'eslint-config-prettier'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['bundle/', 'dist/', 'coverage/', 'bench/results/', 'plugins/static/sample/', 'test/**/fixtures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A number in a text needs no ceremony.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      // `() => this.tick()` is a way to call, `return this.refuse()` a way to leave; neither is a value.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // The texts of a protocol are octets: no emoji comes apart.
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }] }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Tables indexed by an octet, and offsets that a loop has checked, are the daily bread of a parser.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-control-regex': 'error',
    },
  },
  {
    files: ['src/ports/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'Program > :not(ImportDeclaration[importKind="type"]):not(ExportNamedDeclaration[exportKind="type"])',
          message: 'Ports hold exported types only',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Fakes implement promises and callbacks that have nothing to do.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.strict],
    rules: {
      eqeqeq: 'error',
      'object-shorthand': 'error',
      'no-undef': 'error',
    },
    languageOptions: {
      globals: { URL: false, clearTimeout: false, performance: false, process: false, setTimeout: false },
    },
  },
  {
    files: ['plugins/dashboard/page/*.js'],
    languageOptions: {
      globals: {
        EventSource: false,
        ResizeObserver: false,
        document: false,
        getComputedStyle: false,
        matchMedia: false,
      },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: { module: false, require: false } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  prettier,
)
