import { readFileSync } from 'node:fs'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { openReportFile } from '../../../src/adapters/tools/report-file.js'
import { Folder } from '../files/folder.js'

describe('a report file', () => {
  let folder: Folder

  beforeEach(() => (folder = new Folder({ 'old.html': 'old' })))
  afterEach(() => folder.remove())

  const failure = async (path: string): Promise<string> => {
    try {
      await openReportFile(path)
    } catch (error) {
      return (error as Error).message
    }
    return assert.fail('it opened')
  }

  it('is overwritten, and unchanged until then', async () => {
    const write = await openReportFile(folder.at('old.html'))
    assert.equal(readFileSync(folder.at('old.html'), 'utf8'), 'old')
    await write('new')
    assert.equal(readFileSync(folder.at('old.html'), 'utf8'), 'new')
  })

  it('may be a new file', async () => {
    await (
      await openReportFile(folder.at('new.html'))
    )('text')
    assert.equal(readFileSync(folder.at('new.html'), 'utf8'), 'text')
  })

  it('cannot be a folder, or in a missing folder', async () => {
    assert.equal(await failure(folder.path), `Cannot write "${folder.path}": it is a folder`)
    assert.equal(await failure(folder.at('new/')), `Cannot write "${folder.at('new/')}": it is a folder`)
    assert.equal(await failure(''), 'Cannot write "": the file name is empty')
    assert.match(await failure(folder.at('nowhere/r.html')), /^Cannot write ".*nowhere\/r.html": ENOENT/)
  })
})
