import { assert } from 'chai'
import { describe, it } from 'mocha'
import { HELP_WIDTH } from '../../../src/app/cli/help.js'
import { realSettings, runCommand } from './run-command.js'

describe('portico', () => {
  describe('wrong usage', () => {
    const cases: [words: string, line: RegExp, rule: string][] = [
      ['--prot 80', /unknown option '--prot' \(Did you mean --port\?\)/, 'an unknown flag'],
      ['check --jsn', /unknown option '--jsn' \(Did you mean --json\?\)/, 'an unknown flag of a command'],
      ['-p 80', /unknown option '-p'/, 'a short flag'],
      [
        'chekc',
        /unknown command 'chekc' \(commands: serve, check, routes, cert, new, completion, load, compare; for a folder: portico serve chekc\)/,
        'an unknown command',
      ],
      ['--port', /'--port <PORT>' argument missing/, 'a flag without its value'],
      [
        '--port abc',
        /'--port <PORT>' argument 'abc' is invalid\. Wanted a whole number/,
        'letters instead of a number',
      ],
      ['--port -1', /argument '-1' is invalid/, 'a negative number'],
      ['--port=', /argument '' is invalid/, 'an empty number'],
      ['--keepalive-timeout 5s', /Wanted seconds/, 'a unit in seconds'],
      ['--drain-timeout 1e3', /Wanted seconds/, 'seconds with an exponent'],
      ['--log-format xml', /Wanted one of plain, json/, 'an unknown word'],
      ['--set port', /Wanted KEY=VALUE/, 'a setting without a value'],
      ['--set =5', /Wanted KEY=VALUE/, 'a setting without a key'],
      ['new', /missing what to create, such as: portico new plugin NAME/, 'a missing subcommand'],
      ['check more', /too many arguments/, 'an extra argument'],
      ['serve a b', /too many arguments/, 'two folders'],
      ['serve config --static config', /DIR and --static name the same setting/, 'a folder named twice'],
    ]
    for (const [words, line, rule] of cases) {
      it(`exits 2 with one line and a hint for ${rule}: ${words}`, async () => {
        const { code, out, err, served } = await runCommand(words)
        assert.deepEqual([code, out, served.length], [2, '', 0])
        const [first, ...rest] = err.split('\n')
        assert.match(first!, /^portico: Cannot read the command line: /)
        assert.match(first!, line)
        assert.deepEqual(rest, ['For help: portico --help', ''])
      })
    }
  })

  describe('--help', () => {
    it('names every flag, key, variable, command, signal and exit code on standard output', async () => {
      const { code, out, err } = await runCommand('--help')
      assert.deepEqual([code, err], [0, ''])
      for (const { key, environment, flag } of realSettings().keys) {
        assert.include(out, key)
        assert.include(out, environment)
        if (flag !== null) assert.match(out, new RegExp(`^ {2}${flag.name}(?: <|  )`, 'm'))
      }
      for (const word of [
        '--config',
        '--set',
        '--version',
        '  serve',
        '  check',
        '  routes',
        '  cert',
        '  new',
        '  completion',
        '  load',
      ])
        assert.include(out, word)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
        assert.match(out, new RegExp(`^ {2}.*${signal}\\b.* {2}`, 'm'))
      for (const exit of [0, 1, 2, 78]) assert.match(out, new RegExp(`^ {2}${exit} +[a-z]`, 'm'))
    })

    it('shows a default in the unit of its flag', async () => {
      const text = (await runCommand('--help')).out.replace(/\s+/g, ' ')
      assert.include(text, 'may be idle between requests (default 75; key keepAliveTimeoutMs;')
    })

    it('works for each command, and as the command help', async () => {
      for (const words of ['check --help', 'help check'])
        assert.match((await runCommand(words)).out, /portico check[^]*--json/)
      assert.equal((await runCommand('help')).out, (await runCommand('-h')).out)
    })

    it('fits in its width', async () => {
      for (const words of [
        '--help',
        'check --help',
        'load --help',
        'compare --help',
        'cert --help',
        'new plugin --help',
      ])
        for (const line of (await runCommand(words)).out.split('\n')) assert.isAtMost(line.length, HELP_WIDTH, line)
    })

    it('shows examples with valid usage', async () => {
      const { out } = await runCommand('--help')
      const examples = [...out.matchAll(/^ {2}portico (.+?)(?: {3,}.*)?$/gm)].map(([, words]) => words!)
      assert.lengthOf(examples, 3)
      for (const words of examples) assert.notEqual((await runCommand(words)).code, 2, words)
    })
  })
})
