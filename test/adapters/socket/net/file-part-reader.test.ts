import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { BufferPool } from '../../../../src/adapters/socket/shared/buffer-pool.js'
import { FilePartReader } from '../../../../src/adapters/socket/net/file-part-reader.js'

describe('FilePartReader', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-file-part-'))
  let descriptor: number

  before(() => {
    writeFileSync(join(folder, 'content'), '0123456789')
    descriptor = openSync(join(folder, 'content'), 'r')
  })
  after(() => {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })

  function send(offset: number, length: number, pool = new BufferPool(4, 4)) {
    const releases: (Error | null)[] = []
    const part = { descriptor, offset, length, released: (error: Error | null) => void releases.push(error) }
    return { file: new FilePartReader(part, pool), releases }
  }

  function read(file: FilePartReader): Promise<Error | null> {
    return new Promise((resolve) => file.read(resolve))
  }

  it('reads pieces of at most one buffer until the part is complete', async () => {
    const { file, releases } = send(1, 8)
    const pieces: string[] = []
    while (!file.isComplete) {
      assert.isNull(await read(file))
      assert.isTrue(file.isReady)
      pieces.push(String(file.take()))
      assert.isFalse(file.isReady)
    }
    file.release(null)
    assert.deepEqual(pieces, ['1234', '5678'])
    assert.deepEqual(releases, [null])
  })

  it('reports by how much the file is too short', async () => {
    const { file, releases } = send(8, 5)
    assert.isNull(await read(file))
    assert.equal(String(file.take()), '89')
    const error = await read(file)
    assert.equal(error?.message, 'Cannot send the file: it ended 3 octets short of what was promised')
    file.release(new Error('the connection closed'))
    assert.deepEqual(releases, [error])
  })

  it('keeps descriptor and buffer until a read in progress has ended, and releases once', async () => {
    const pool = new BufferPool(4, 4)
    const { file, releases } = send(0, 10, pool)
    const reading = read(file)
    const error = new Error('the connection closed')
    file.release(error)
    file.release(null)
    assert.deepEqual(releases, [])
    await reading
    assert.deepEqual(releases, [error])
  })
})
