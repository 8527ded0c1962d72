import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { Files, NoFile, OpenFile } from '../../src/ports/serving/files.js'

/** The files of the contract, by their paths below the root. */
export const CONTRACT_TREE: Readonly<Record<string, string>> = {
  'a.txt': 'alpha',
  'empty.txt': '',
  'ünï 100%.txt': 'names are not decoded',
  'dir/index.html': '<p>index</p>',
  'dir/.hidden': 'hidden',
  '.git/config': 'hidden too',
}

/** An implementation with the files of `CONTRACT_TREE` and the unreadable file `sealed.txt`. */
export interface FilesUnderTest {
  readonly files: Files
  readonly root: string
  /** Reads the whole content of an open file. */
  read(file: OpenFile): string
  /** Counts the open files; the count may lag after `close()`. */
  openCount(): number
  /** Runs a task in which `sealed.txt` cannot be read. */
  unprivileged<T>(task: () => Promise<T>): Promise<T>
  dispose(): void
}

/** The contract of every implementation of `Files`. */
export function filesContract(name: string, make: () => FilesUnderTest): void {
  describe(`Files: ${name}`, () => {
    let subject: FilesUnderTest
    beforeEach(() => (subject = make()))
    afterEach(() => subject.dispose())

    const contents: [path: string, rule: string][] = [
      ['a.txt', 'a file'],
      ['empty.txt', 'an empty file'],
      ['dir/index.html', 'a file in a folder'],
      ['ünï 100%.txt', 'a name with characters that are not decoded'],
    ]
    for (const [path, rule] of contents) {
      it(`opens ${rule}`, async () => {
        const file = await openFile(subject, path)
        assert.equal(subject.read(file), CONTRACT_TREE[path])
        assert.equal(file.size, Buffer.byteLength(CONTRACT_TREE[path]!))
        file.close()
      })
    }

    it('distinguishes files, and recognizes the same file', async () => {
      const files = [
        await openFile(subject, 'a.txt'),
        await openFile(subject, 'a.txt'),
        await openFile(subject, 'empty.txt'),
      ]
      const [one, again, other] = files.map(({ inode }) => inode)
      assert.equal(one, again)
      assert.notEqual(one, other)
      for (const file of files) file.close()
    })

    it('keeps each opening independent, and closes all descriptors', async () => {
      const before = subject.openCount()
      const [one, other] = [await openFile(subject, 'a.txt'), await openFile(subject, 'a.txt')]
      one.close()
      assert.equal(subject.read(other), 'alpha')
      other.close()
      await settled(() => subject.openCount(), before)
    })

    const others: [path: string, expected: NoFile, rule: string][] = [
      ['dir', 'directory', 'a folder'],
      ['nothing', 'missing', 'a missing name'],
      ['a.txt/b', 'missing', 'a file used as a folder'],
      ['', 'missing', 'the empty path'],
      ['dir/', 'missing', 'a slash at the end'],
      ['dir//index.html', 'missing', 'an empty segment'],
      ['/a.txt', 'missing', 'an absolute path'],
      ['/etc/passwd', 'missing', 'an absolute path of an existing file'],
      ['./a.txt', 'missing', 'a dot segment'],
      ['dir/../a.txt', 'missing', 'two dots that stay inside'],
      ['../../../../../../etc/passwd', 'missing', 'two dots that leave'],
      ['..', 'missing', 'only two dots'],
      ['dir/.hidden', 'missing', 'a dot file'],
      ['.git/config', 'missing', 'a file in a dot folder'],
      ['dir\\index.html', 'missing', 'a backslash'],
      ['..\\a.txt', 'missing', 'a backslash after dots'],
      ['a.txt\0', 'missing', 'a NUL at the end'],
      ['a.txt\0.html', 'missing', 'a NUL within'],
      ['%61.txt', 'missing', 'an escape, which is not decoded'],
      ['%2e%2e/a.txt', 'missing', 'escaped dots, which are not decoded'],
      ['x'.repeat(300), 'missing', 'a name that is too long'],
      ['x/'.repeat(4000) + 'x', 'missing', 'a path that is too long'],
    ]
    for (const [path, expected, rule] of others) {
      it(`returns ${expected} for ${rule}`, async () => {
        const before = subject.openCount()
        assert.equal(await subject.files.open(subject.root, path), expected)
        await settled(() => subject.openCount(), before)
      })
    }

    it('returns forbidden for an unreadable file', async () => {
      const before = subject.openCount()
      assert.equal(await subject.unprivileged(async () => subject.files.open(subject.root, 'sealed.txt')), 'forbidden')
      await settled(() => subject.openCount(), before)
    })

    it('returns missing for a NUL in a trusted path', async () => {
      assert.equal(await subject.files.open(null, 'a.txt\0'), 'missing')
    })
  })
}

/** Waits up to a second for a count, because descriptors are closed in the thread pool. */
export async function settled(count: () => number, expected: number): Promise<void> {
  const deadline = performance.now() + 1000
  while (count() !== expected && performance.now() < deadline) await new Promise(setImmediate)
  assert.equal(count(), expected, 'open files')
}

async function openFile({ files, root }: FilesUnderTest, path: string): Promise<OpenFile> {
  const file = await files.open(root, path)
  if (typeof file === 'string') throw new Error(`Cannot open "${path}": it is ${file}`)
  return file
}
