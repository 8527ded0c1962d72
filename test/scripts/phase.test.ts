import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { TemporaryFolder } from '../end-to-end/support/folder.js'

interface Ended {
  readonly code: number | null
  readonly said: string
}

/** A repository with nothing in it but the script and stand-ins for what it calls, and another that it pushes to. */
class Repository {
  readonly folder = new TemporaryFolder({
    'work/package.json': '{"scripts":{"test":"node check.cjs all","bench":"node check.cjs bench"}}',
    'work/check.cjs': 'process.exit(Number(process.env.CHECK ?? 0))',
    'work/scripts/set-up.mjs': '',
    'work/scripts/lint.mjs': 'process.exit(Number(process.env.LINT ?? 0))',
    'work/node_modules/mocha/bin/mocha.js':
      'console.log("mocha", ...process.argv.slice(2)); process.exit(Number(process.env.CHECK ?? 0))',
    'work/.gitignore': 'node_modules\n',
  })
  readonly work = join(this.folder.path, 'work')

  constructor() {
    const script = join(this.work, 'scripts', 'phase')
    copyFileSync('scripts/phase', script)
    chmodSync(script, 0o755)
    mkdirSync(join(this.folder.path, 'other'))
    this.git('init', '--quiet', '--bare', join(this.folder.path, 'other'))
    this.git('init', '--quiet', '--initial-branch', 'topic')
    this.git('remote', 'add', 'origin', join(this.folder.path, 'other'))
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', 'first')
  }

  git(...words: string[]): string {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false']
    const { stdout, stderr, status } = spawnSync('git', [...identity, ...words], { cwd: this.work, encoding: 'utf8' })
    if (status !== 0) throw new Error(`Cannot run git ${words.join(' ')}: ${stderr}`)
    return stdout.trim()
  }

  phase(name: string, environment: Readonly<Record<string, string>> = {}): Ended {
    const identity = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    }
    const { status, stdout, stderr } = spawnSync(join(this.work, 'scripts', 'phase'), name === '' ? [] : [name], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: this.folder.path, ...identity, ...environment },
    })
    return { code: status, said: stdout + stderr }
  }

  get subjects(): string[] {
    return this.git('log', '--format=%s').split('\n')
  }
}

const hasTools = ['bash', 'git'].every((program) => spawnSync(program, ['--version']).error === undefined)

;(hasTools ? describe : describe.skip)('scripts/phase', () => {
  let repository: Repository

  beforeEach(() => {
    repository = new Repository()
    repository.folder.write('work/changed', 'x')
  })
  afterEach(() => repository.folder.remove())

  const phases: [name: string, message: string, ran: RegExp][] = [
    ['domain', 'feat(domain): rules, with the tests that hold them', /mocha dist\/test\/domain/],
    ['wire', 'test(wire): cases of what arrives and what it gets', /mocha dist\/test\/wire/],
    ['contract', 'test(contract): what every adapter keeps', /mocha dist\/test\/adapters/],
    ['end-to-end', 'test(end-to-end): the server as a client sees it', /mocha dist\/test\/end-to-end/],
    ['bench', 'perf(bench): figures, measured anew', /check\.cjs bench --save-as reference/],
    ['docs', 'docs: what is there, as it is', /mocha dist\/test\/docs/],
    ['all', 'feat: all that the checks cover', /check\.cjs all/],
  ]
  for (const [name, message, ran] of phases) {
    it(`${name}: runs its checks, and commits with its own message`, () => {
      const { code, said } = repository.phase(name, { SKIP_PUSH: '1' })
      assert.equal(code, 0, said)
      assert.match(said, ran)
      assert.deepEqual(repository.subjects, [message, 'first'])
      assert.equal(repository.git('status', '--porcelain'), '')
    })
  }

  it('pushes the branch that is checked out', () => {
    const { code, said } = repository.phase('docs')
    assert.equal(code, 0, said)
    assert.equal(repository.git('ls-remote', 'origin', 'topic').slice(0, 40), repository.git('rev-parse', 'HEAD'))
  })

  it('pushes nothing when told so', () => {
    repository.phase('docs', { SKIP_PUSH: '1' })
    assert.equal(repository.git('ls-remote', 'origin'), '')
  })

  const refusals: [rule: string, name: string, environment: Readonly<Record<string, string>>, code: number][] = [
    ['a check that fails', 'docs', { CHECK: '1' }, 1],
    ['lint that fails', 'docs', { LINT: '1' }, 1],
    ['tests that fail', 'all', { CHECK: '1' }, 1],
    ['a phase that nobody knows', 'everything', {}, 2],
    ['no phase', '', {}, 2],
  ]
  for (const [rule, name, environment, code] of refusals) {
    it(`commits nothing after ${rule}`, () => {
      assert.equal(repository.phase(name, environment).code, code)
      assert.deepEqual(repository.subjects, ['first'])
    })
  }

  it('refuses when nothing has changed', () => {
    repository.folder.delete('work/changed')
    const { code, said } = repository.phase('docs')
    assert.equal(code, 1)
    assert.match(said, /no file has changed/)
  })
})
