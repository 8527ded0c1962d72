import { chmodSync, readSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { CachedFiles, type FileCacheLimits } from '../../../src/adapters/files/cached-files.js'
import { SystemFiles } from '../../../src/adapters/files/system-files.js'
import type { Files, NoFile, OpenFile } from '../../../src/ports/serving/files.js'
import { CONTRACT_TREE, filesContract, settled } from '../../contract/files.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { countDescriptors, Folder, unprivileged } from './folder.js'

const BOUNDS: FileCacheLimits = { files: 10, validMs: 1000 }

filesContract('kept open for a while', () => {
  const folder = new Folder({ ...CONTRACT_TREE, 'sealed.txt': 'sealed' })
  chmodSync(folder.at('sealed.txt'), 0)
  const clock = new FakeClock()
  return {
    files: new CachedFiles(new SystemFiles(), clock, BOUNDS),
    root: folder.path,
    read: contentOf,
    openCount: () => {
      clock.advance(2 * BOUNDS.validMs)
      return countDescriptors()
    },
    unprivileged,
    dispose: () => folder.remove(),
  }
})

/** Counts the calls that reach the wrapped files. */
class CountedFiles implements Files {
  readonly opened: string[] = []
  failure: Error | null = null
  private readonly files = new SystemFiles()

  open(root: string | null, path: string): Promise<OpenFile | NoFile> {
    this.opened.push(path)
    const { failure } = this
    this.failure = null
    return failure === null ? this.files.open(root, path) : Promise.reject(failure)
  }
}

describe('CachedFiles', () => {
  let folder: Folder
  let clock: FakeClock
  let below: CountedFiles
  let before: number

  beforeEach(() => {
    folder = new Folder({ 'a.txt': 'alpha', 'b.txt': 'beta', 'c.txt': 'gamma' })
    clock = new FakeClock()
    below = new CountedFiles()
    before = countDescriptors()
  })
  afterEach(async () => {
    clock.advance(2 * BOUNDS.validMs)
    folder.remove()
    await settled(countDescriptors, before)
  })

  const cached = (bounds: Partial<FileCacheLimits> = {}): CachedFiles =>
    new CachedFiles(below, clock, { ...BOUNDS, ...bounds })

  /** Reads a file to its end, and closes it. */
  async function read(files: Files, path: string): Promise<string> {
    const file = await files.open(folder.path, path)
    if (typeof file === 'string') return file
    const content = contentOf(file)
    file.close()
    return content
  }

  it('returns a cached file synchronously', async () => {
    const files = cached()
    assert.equal(await read(files, 'a.txt'), 'alpha')
    const again = files.open(folder.path, 'a.txt')
    if (again instanceof Promise || typeof again === 'string') assert.fail('not at once')
    assert.equal(contentOf(again), 'alpha')
    again.close()
    assert.deepEqual(below.opened, ['a.txt'])
  })

  it('returns a cached miss synchronously', async () => {
    const files = cached()
    assert.equal(await files.open(folder.path, 'nothing'), 'missing')
    assert.equal(files.open(folder.path, 'nothing'), 'missing')
    assert.deepEqual(below.opened, ['nothing'])
  })

  it('opens a file once for concurrent calls', async () => {
    const files = cached()
    const asked = await Promise.all(Array.from({ length: 5 }, () => read(files, 'a.txt')))
    assert.deepEqual([asked, below.opened], [Array.from({ length: 5 }, () => 'alpha'), ['a.txt']])
  })

  it('distinguishes files with one name below different roots', async () => {
    const files = cached()
    folder.write('sub/a.txt', 'another')
    assert.equal(await read(files, 'a.txt'), 'alpha')
    const other = await files.open(folder.at('sub'), 'a.txt')
    if (typeof other === 'string') assert.fail(other)
    assert.equal(contentOf(other), 'another')
    other.close()
  })

  const changes: [what: string, change: () => void, wanted: string][] = [
    [
      'is replaced',
      () => {
        folder.write('new', 'another')
        renameSync(folder.at('new'), folder.at('a.txt'))
      },
      'another',
    ],
    ['is removed', () => rmSync(folder.at('a.txt')), 'missing'],
    ['grows', () => writeFileSync(folder.at('a.txt'), '!', { flag: 'a' }), 'alpha!'],
    ['is truncated', () => truncateSync(folder.at('a.txt'), 2), 'al'],
    [
      'is overwritten with the same length',
      () => {
        writeFileSync(folder.at('a.txt'), 'ALPHA')
        utimesSync(folder.at('a.txt'), 1, 1)
      },
      'ALPHA',
    ],
  ]
  for (const [what, change, wanted] of changes) {
    it(`notices at once a file that ${what}`, async () => {
      const files = cached()
      assert.equal(await read(files, 'a.txt'), 'alpha')
      change()
      assert.equal(await read(files, 'a.txt'), wanted)
    })
  }

  it('notices a new target of a link after validMs', async () => {
    const files = cached()
    symlinkSync('a.txt', folder.at('link'))
    assert.equal(await read(files, 'link'), 'alpha')
    rmSync(folder.at('link'))
    symlinkSync('b.txt', folder.at('link'))
    assert.equal(await read(files, 'link'), 'alpha')
    clock.advance(BOUNDS.validMs)
    assert.equal(await read(files, 'link'), 'beta')
  })

  it('finds a new file after validMs', async () => {
    const files = cached()
    assert.equal(await read(files, 'new'), 'missing')
    folder.write('new', 'here')
    clock.advance(BOUNDS.validMs)
    assert.equal(await read(files, 'new'), 'here')
  })

  it('closes unused files after validMs, and then has no timer', async () => {
    const files = cached()
    await read(files, 'a.txt')
    assert.equal(clock.pending, 1)
    clock.advance(2 * BOUNDS.validMs)
    await settled(countDescriptors, before)
    assert.equal(clock.pending, 0)
  })

  it('keeps a file open for its user after removing it from the cache', async () => {
    const files = cached()
    const file = await files.open(folder.path, 'a.txt')
    clock.advance(2 * BOUNDS.validMs)
    if (typeof file === 'string') assert.fail(file)
    assert.equal(contentOf(file), 'alpha')
    file.close()
  })

  it('keeps at most its limit of files, and removes the oldest', async () => {
    const files = cached({ files: 2 })
    for (const path of ['a.txt', 'b.txt', 'c.txt', 'c.txt', 'b.txt', 'a.txt']) await read(files, path)
    assert.deepEqual(below.opened, ['a.txt', 'b.txt', 'c.txt', 'a.txt'])
    assert.isAtMost(countDescriptors(), before + 3)
  })

  it('returns the file to all callers, even with a limit of none', async () => {
    const files = cached({ files: 1 })
    const paths = ['a.txt', 'b.txt', 'c.txt', 'a.txt', 'b.txt']
    const asked = await Promise.all(paths.map((path) => read(files, path)))
    assert.deepEqual(asked, ['alpha', 'beta', 'gamma', 'alpha', 'beta'])
  })

  it('closes all cached files when descriptors run out, and retries once', async () => {
    const files = cached()
    await read(files, 'a.txt')
    below.failure = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    assert.equal(await read(files, 'b.txt'), 'beta')
    assert.deepEqual(below.opened, ['a.txt', 'b.txt', 'b.txt'])
  })

  it('rejects for all waiting callers after an error, and does not cache it', async () => {
    const files = cached()
    below.failure = Object.assign(new Error('broken'), { code: 'EIO' })
    const asked = await Promise.allSettled([read(files, 'a.txt'), read(files, 'a.txt')])
    assert.deepEqual(
      asked.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.equal(await read(files, 'a.txt'), 'alpha')
  })
})

function contentOf({ descriptor, size }: OpenFile): string {
  const content = Buffer.alloc(size + 1)
  return content.toString('utf8', 0, readSync(descriptor, content, 0, size + 1, 0))
}
