import { assert } from 'chai'
import { describe, it } from 'mocha'
import { commandLine } from '../../../src/app/cli/command-line.js'
import type { NewFile, NewFolder } from '../../../src/ports/tools/new-files.js'
import { idleParts } from './idle-parts.js'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly written: readonly [NewFolder, readonly NewFile[]][]
}

/** Runs the program with these arguments, in this process. No file is written. */
async function run(words: string, failure?: Error): Promise<Run> {
  const printed = { out: '', err: '' }
  const written: [NewFolder, readonly NewFile[]][] = []
  const program = commandLine({
    ...idleParts(),
    writeNew: async (folder, files) => {
      if (failure !== undefined) throw failure
      written.push([folder, files])
    },
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  })
  return { code: await program(words.split(' '), {}), ...printed, written }
}

describe('portico new plugin', () => {
  it('writes a plugin and its test, and prints the commands that use them', async () => {
    const { code, out, written } = await run('new plugin visits')
    assert.equal(code, 0)
    const [[folder, files]] = written as [[NewFolder, readonly NewFile[]]]
    assert.equal(folder.path, 'plugins')
    assert.deepEqual(
      files.map(({ path }) => path),
      ['plugins/visits.mjs', 'plugins/visits.test.mjs'],
    )
    assert.include(files[0]!.text, "name: 'visits'")
    assert.include(files[1]!.text, '/visits/Ada')
    for (const said of ['portico --plugins plugins', '/visits/Ada', 'node --test plugins/visits.test.mjs'])
      assert.include(out, said)
  })

  it('writes into the folder of --dir', async () => {
    const { written } = await run('new plugin visits --dir my/own')
    assert.equal(written[0]![0].path, 'my/own')
    assert.equal(written[0]![1][0]!.path, 'my/own/visits.mjs')
  })

  for (const name of ['Visits', '1st', '-a', 'a_b', 'a/b', '../a', `a${'b'.repeat(64)}`]) {
    it(`refuses the name ${name.slice(0, 10)}`, async () => {
      const { code, written } = await run(`new plugin ${name}`)
      assert.deepEqual([code, written], [2, []])
    })
  }

  for (const words of ['new', 'new plugin', 'new route x']) {
    it(`refuses "${words}"`, async () => {
      assert.equal((await run(words)).code, 2)
    })
  }

  it('exits 1 with the reason when a file cannot be written', async () => {
    const { code, out, err } = await run('new plugin a', new Error('Cannot write "plugins/a.mjs": it is there'))
    assert.deepEqual([code, out, err], [1, '', 'portico: Cannot write "plugins/a.mjs": it is there\n'])
  })
})
