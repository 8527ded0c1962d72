import { execFileSync, spawnSync } from 'node:child_process'
import { assert } from 'chai'
import { Argument, Command, Option } from 'commander'
import { describe, it } from 'mocha'
import { completionScript } from '../../../src/app/cli/completion.js'

function program(): Command {
  const made = new Command('portico')
  made
    .command('serve')
    .description("serve until you're done")
    .addOption(new Option('--engine <selectors|threadpool>', 'where handlers run'))
    .addOption(new Option('--workers <NUMBER|auto>', 'how many'))
    .addOption(new Option('--enable-tls', 'HTTPS'))
  made.command('load').description('make load').addOption(new Option('--rate <NUMBER>', 'how fast'))
  made
    .command('completion')
    .description('this')
    .addArgument(new Argument('<shell>').choices(['bash', 'fish']))
  made.command('new').description('write').command('plugin').addOption(new Option('--dir <DIR>', 'where'))
  return made
}

const hasBash = spawnSync('bash', ['--version']).error === undefined

/** Completes the last of these words in bash. */
function offered(...words: string[]): string[] {
  const line = `${completionScript('bash', program())}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
cd /nowhere 2>/dev/null; _portico; printf '%s\\n' "\${COMPREPLY[@]}"`
  const cwd = '/proc/self/fdinfo'
  return execFileSync('bash', ['-c', line], { encoding: 'utf8', cwd: process.platform === 'linux' ? cwd : '/' })
    .split('\n')
    .filter((word) => word !== '')
}

;(hasBash ? describe : describe.skip)('completionScript(), in bash', () => {
  const cases: [words: string[], wanted: string[]][] = [
    [['portico', 'se'], ['serve']],
    [
      ['portico', '--e'],
      ['--engine', '--enable-tls'],
    ],
    [['portico', 'serve', '--w'], ['--workers']],
    [['portico', 'load', '--'], ['--rate']],
    [
      ['portico', 'serve', '--engine', ''],
      ['selectors', 'threadpool'],
    ],
    [['portico', 'serve', '--engine', 'thr'], ['threadpool']],
    [['portico', '--workers', 'a'], ['auto']],
    [['portico', '--workers', '2', 'loa'], ['load']],
    [['portico', 'completion', 'ba'], ['bash']],
    [['portico', 'new', 'pl'], ['plugin']],
    [['portico', 'new', 'plugin', '--'], ['--dir']],
  ]
  for (const [words, wanted] of cases) {
    it(`offers ${wanted.join(' ')} for ${words.slice(1).join(' ')}`, () => {
      assert.deepEqual(offered(...words), wanted)
    })
  }

  it('works in zsh through bashcompinit', () => {
    assert.match(completionScript('zsh', program()), /^autoload -U \+X bashcompinit && bashcompinit\n_portico\(\)/)
  })
})

describe('completionScript(), for fish', () => {
  it('has a line for each command and flag', () => {
    assert.deepEqual(completionScript('fish', program()).split('\n'), [
      "complete -c portico -n __fish_use_subcommand -a serve -d 'serve until you\\'re done'",
      "complete -c portico -n '__fish_seen_subcommand_from serve' -l engine -xa 'selectors threadpool' -d 'where handlers run'",
      "complete -c portico -n '__fish_seen_subcommand_from serve' -l workers -xa 'auto' -d 'how many'",
      "complete -c portico -n '__fish_seen_subcommand_from serve' -l enable-tls -d 'HTTPS'",
      "complete -c portico -n __fish_use_subcommand -a load -d 'make load'",
      "complete -c portico -n '__fish_seen_subcommand_from load' -l rate -r -d 'how fast'",
      "complete -c portico -n __fish_use_subcommand -a completion -d 'this'",
      "complete -c portico -n '__fish_seen_subcommand_from completion' -xa bash",
      "complete -c portico -n '__fish_seen_subcommand_from completion' -xa fish",
      "complete -c portico -n __fish_use_subcommand -a new -d 'write'",
      "complete -c portico -n '__fish_seen_subcommand_from new' -xa plugin",
      "complete -c portico -n '__fish_seen_subcommand_from new' -l dir -r -d 'where'",
      '',
    ])
  })
})
