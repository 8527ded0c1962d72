import { assert } from 'chai'
import { execFileSync } from 'node:child_process'
import { chmodSync, readSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync } from 'node:fs'
import { rename, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { hasPathDescriptors, openByPathDescriptor } from '../../../src/adapters/files/open-by-path-descriptor.js'
import { openByRealPath } from '../../../src/adapters/files/open-by-real-path.js'
import { SystemFiles, type OpenAdmitted } from '../../../src/adapters/files/system-files.js'
import type { NoFile, OpenFile } from '../../../src/ports/serving/files.js'
import { CONTRACT_TREE, filesContract, settled } from '../../contract/files.js'
import { countDescriptors, Folder, unprivileged } from './folder.js'

const WAYS: [name: string, way: OpenAdmitted][] = [['by real path', openByRealPath]]
if (hasPathDescriptors()) WAYS.push(['by path descriptor', openByPathDescriptor])

for (const [name, way] of WAYS) {
  filesContract(`the system's, ${name}`, () => {
    const folder = new Folder({ ...CONTRACT_TREE, 'sealed.txt': 'sealed' })
    chmodSync(folder.at('sealed.txt'), 0)
    return {
      files: new SystemFiles(way),
      root: folder.path,
      read: contentOf,
      openCount: countDescriptors,
      unprivileged,
      dispose: () => folder.remove(),
    }
  })

  describe(`SystemFiles, ${name}`, () => {
    let folder: Folder
    let root: string
    let descriptorsBefore: number
    const files = new SystemFiles(way)
    beforeEach(() => {
      folder = new Folder({ 'root/a.txt': 'inside', 'root/dir/b.txt': 'inside too', 'outside/secret.txt': 'secret' })
      root = folder.at('root')
      descriptorsBefore = countDescriptors()
    })
    afterEach(async () => {
      folder.remove()
      await settled(countDescriptors, descriptorsBefore)
    })

    const link = (to: string, from: string): void => symlinkSync(to, folder.at(`root/${from}`))
    const cases: [path: string, expected: NoFile | { content: string }, rule: string, prepare: () => void][] = [
      ['link', { content: 'inside' }, 'a link that stays inside', () => link('a.txt', 'link')],
      ['link/b.txt', { content: 'inside too' }, 'a linked folder that stays inside', () => link('dir', 'link')],
      ['link', { content: 'inside' }, 'a link that leaves and comes back', () => link('../root/a.txt', 'link')],
      ['link', { content: 'inside' }, 'an absolute link inside', () => link(folder.at('root/a.txt'), 'link')],
      ['link', 'directory', 'a link to the root itself', () => link('.', 'link')],
      [
        'c.txt',
        { content: 'x' },
        'a link through a dot folder, as in mounted configuration',
        () => {
          folder.write('root/..data/c.txt', 'x')
          link('..data/c.txt', 'c.txt')
        },
      ],
      ['link', 'missing', 'a link to a file outside', () => link('../outside/secret.txt', 'link')],
      ['link', 'missing', 'an absolute link to a file outside', () => link('/etc/passwd', 'link')],
      [
        'link',
        'missing',
        'a link to a link to a file outside',
        () => {
          link('../outside/secret.txt', 'first')
          link('first', 'link')
        },
      ],
      ['link', 'missing', 'a link to a folder outside', () => link('../outside', 'link')],
      ['link/secret.txt', 'missing', 'a file in a linked folder outside', () => link('../outside', 'link')],
      [
        'link',
        'missing',
        'a link to a sibling whose name begins like the root',
        () => {
          folder.write('root-of-others/secret.txt', 'secret')
          link('../root-of-others/secret.txt', 'link')
        },
      ],
      ['link', 'missing', 'a broken link', () => link('nothing', 'link')],
      ['link', 'missing', 'a link to itself', () => link('link', 'link')],
      ['link', 'missing', 'a link to an endless device', () => link('/dev/zero', 'link')],
      ['link', 'missing', 'a link to the terminal', () => link('/dev/tty', 'link')],
      ['link', 'missing', 'a link to a file of the kernel', () => link('/proc/self/environ', 'link')],
      ['link', 'missing', 'a link to a descriptor of this process', () => link('/proc/self/fd/0', 'link')],
      ['fifo', 'missing', 'a FIFO without a writer', () => execFileSync('mkfifo', [folder.at('root/fifo')])],
      ['dir/b.txt', 'forbidden', 'a file in an unreadable folder', () => chmodSync(folder.at('root/dir'), 0)],
    ]
    for (const [path, expected, rule, prepare] of cases) {
      it(`returns ${typeof expected === 'string' ? expected : 'the content'} for ${rule}`, async () => {
        prepare()
        const found = await unprivileged(() => files.open(root, path))
        if (typeof expected === 'string') assert.equal(found, expected)
        else assert.equal(contentAndClose(found), expected.content)
      })
    }

    it('returns missing for a socket', async () => {
      const server = createServer().listen(folder.at('root/socket'))
      await new Promise((resolve) => server.once('listening', resolve))
      const before = countDescriptors()
      assert.equal(await files.open(root, 'socket'), 'missing')
      await settled(countDescriptors, before)
      await new Promise((resolve) => server.close(resolve))
      // libuv reserves a descriptor with the first socket of a process.
      descriptorsBefore = countDescriptors()
    })

    it('returns missing below a root that does not exist or is no folder', async () => {
      assert.equal(await files.open(folder.at('nowhere'), 'a.txt'), 'missing')
      assert.equal(await files.open(folder.at('root/a.txt'), 'a.txt'), 'missing')
    })

    it('opens any file of a trusted path', async () => {
      link('../outside/secret.txt', 'link')
      assert.equal(contentAndClose(await files.open(null, folder.at('root/link'))), 'secret')
      assert.equal(await files.open(null, folder.at('root')), 'directory')
      assert.equal(await files.open(null, '/dev/zero'), 'missing')
    })

    it('opens files below the root of the file system', async () => {
      assert.equal(contentAndClose(await files.open('/', folder.at('root/a.txt').slice(1))), 'inside')
    })

    it('returns times to the fraction of a millisecond', async () => {
      utimesSync(folder.at('root/a.txt'), 1000, 1_700_000_000.000_5)
      const file = opened(await files.open(root, 'a.txt'))
      assert.closeTo(file.modifiedMs, 1_700_000_000_000.5, 0.001)
      file.close()
    })

    it('reads the opened file after another file has replaced it', async () => {
      const file = opened(await files.open(root, 'a.txt'))
      folder.write('root/new.txt', 'other')
      renameSync(folder.at('root/new.txt'), folder.at('root/a.txt'))
      const other = opened(await files.open(root, 'a.txt'))
      assert.notEqual(other.inode, file.inode)
      assert.equal(contentAndClose(file), 'inside')
      assert.equal(contentAndClose(other), 'other')
    })

    it('reads the opened file after it was removed', async () => {
      const file = opened(await files.open(root, 'a.txt'))
      rmSync(folder.at('root/a.txt'))
      assert.equal(contentAndClose(file), 'inside')
    })

    it('reads fewer octets after the opened file was truncated', async () => {
      const file = opened(await files.open(root, 'a.txt'))
      truncateSync(folder.at('root/a.txt'), 2)
      assert.equal(file.size, 6)
      assert.equal(contentAndClose(file), 'in')
    })

    it('notices a new target of the link to the root at once', async () => {
      folder.write('next/a.txt', 'next')
      symlinkSync('root', folder.at('current'))
      assert.equal(contentAndClose(await files.open(folder.at('current'), 'a.txt')), 'inside')
      switchLink(folder.at('current'), 'next')
      assert.equal(contentAndClose(await files.open(folder.at('current'), 'a.txt')), 'next')
    })

    it('follows no link into the previous root after a second', async () => {
      let now = 0
      const clocked = new SystemFiles(way, () => now)
      folder.write('next/a.txt', 'next')
      symlinkSync('../root/a.txt', folder.at('next/old.txt'))
      symlinkSync('root', folder.at('current'))
      assert.equal(contentAndClose(await clocked.open(folder.at('current'), 'a.txt')), 'inside')
      switchLink(folder.at('current'), 'next')
      now = 1000
      assert.equal(await clocked.open(folder.at('current'), 'old.txt'), 'missing')
    })

    it('works with more roots than it remembers', async () => {
      for (let i = 0; i < 70; i++) symlinkSync('root', folder.at(`root-${i}`))
      for (let i = 0; i < 70; i++)
        assert.equal(contentAndClose(await files.open(folder.at(`root-${i}`), 'a.txt')), 'inside')
    })

    it('never opens a file outside the root while a link alternates between inside and outside', async () => {
      const flip = async (): Promise<void> => {
        for (const target of ['../outside/secret.txt', 'a.txt']) {
          await symlink(target, folder.at('root/next'))
          await rename(folder.at('root/next'), folder.at('root/flip'))
        }
      }
      const outcomes = await whileRunning(flip, () => files.open(root, 'flip'))
      assert.isAbove(outcomes['inside'] ?? 0, 0)
      assert.isUndefined(outcomes['secret'])
    })
  })
}

describe('openByPathDescriptor()', function () {
  if (!hasPathDescriptors()) return

  it('never opens a file outside the root while a folder and a link to the outside alternate', async () => {
    const folder = new Folder({ 'root/dir/b.txt': 'inside', 'outside/b.txt': 'secret' })
    const [dir, away] = [folder.at('root/dir'), folder.at('root/away')]
    const flip = async (): Promise<void> => {
      await rename(dir, away)
      await symlink('../outside', dir)
      await rm(dir)
      await rename(away, dir)
    }
    const files = new SystemFiles(openByPathDescriptor)
    const outcomes = await whileRunning(flip, () => files.open(folder.at('root'), 'dir/b.txt'))
    folder.remove()
    assert.isAbove(outcomes['inside'] ?? 0, 0)
    assert.isUndefined(outcomes['secret'])
  })
})

describe('SystemFiles', () => {
  const failures: [code: string, rule: string][] = [
    ['EMFILE', 'descriptors running out'],
    ['EIO', 'an I/O error'],
  ]
  for (const [code, rule] of failures) {
    it(`throws the platform's error for ${rule}`, async () => {
      const files = new SystemFiles(() => Promise.reject(Object.assign(new Error(code), { code })))
      const error = await files.open(null, 'a.txt').then(
        () => null,
        (reason: unknown) => reason,
      )
      assert.propertyVal(error, 'code', code)
    })
  }
})

/** Opens a file 2000 times, for at most two seconds, while the file system changes. Counts the results. */
async function whileRunning(
  meanwhile: () => Promise<void>,
  open: () => Promise<OpenFile | NoFile>,
): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {}
  const deadline = performance.now() + 2000
  const turns = { left: 2000 }
  const opening = async (): Promise<void> => {
    while (turns.left-- > 0 && performance.now() < deadline) {
      const found = await open()
      const outcome = typeof found === 'string' ? found : contentAndClose(found)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  const flipping = async (): Promise<void> => {
    while (turns.left > 0 && performance.now() < deadline) await meanwhile()
  }
  await Promise.all([flipping(), opening(), opening()])
  return outcomes
}

function switchLink(path: string, target: string): void {
  symlinkSync(target, `${path}-next`)
  renameSync(`${path}-next`, path)
}

function opened(found: OpenFile | NoFile): OpenFile {
  if (typeof found === 'string') throw new Error(`Cannot read the file: it is ${found}`)
  return found
}

function contentAndClose(found: OpenFile | NoFile): string {
  const file = opened(found)
  const content = contentOf(file)
  file.close()
  return content
}

function contentOf(file: OpenFile): string {
  const octets = Buffer.alloc(file.size)
  return octets.subarray(0, readSync(file.descriptor, octets, 0, file.size, 0)).toString()
}
