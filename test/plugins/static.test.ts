import { assert } from 'chai'
import { execFileSync } from 'node:child_process'
import { readSync, symlinkSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'mocha'
import staticPlugin from '../../plugins/static/index.js'
import { mediaTypeOf } from '../../src/adapters/files/media-types.js'
import { SystemFiles } from '../../src/adapters/files/system-files.js'
import { FileResponder } from '../../src/app/files/file-response.js'
import { FieldSection } from '../../src/domain/message/field-section.js'
import type { FileContent, SendableResponse } from '../../src/app/serving/sendable-response.js'
import type { FileReference, Response } from '../../src/domain/message/response.js'
import { normalPath } from '../../src/domain/message/target.js'
import type { PluginContext, Request, RouteDefinition } from '../../src/ports/plugins/plugin.js'
import type { Settings } from '../../src/ports/operations/settings.js'
import { settled } from '../contract/files.js'
import { countDescriptors, Folder } from '../adapters/files/folder.js'

type Static = Settings['static']

const SETTINGS: Static = { root: '/srv/www', prefix: '/static/', cacheControl: '', precompressed: true }

/** The plugin's one route, for the given settings. */
function routeOf(settings: Partial<Static> = {}): [pattern: string, route: RouteDefinition] {
  const context = { settings: { ...SETTINGS, ...settings } } as unknown as PluginContext
  const routes = staticPlugin.routes as (context: PluginContext) => Record<string, RouteDefinition>
  const made = Object.entries(routes(context))
  assert.lengthOf(made, 1)
  return made[0]!
}

function answerTo(path: string, settings: Partial<Static> = {}): Response {
  return routeOf(settings)[1].handler({ path } as Request) as Response
}

function referenceTo(path: string, settings: Partial<Static> = {}): FileReference {
  return answerTo(path, settings).content as FileReference
}

describe('the static plugin', () => {
  it('has one route, below its prefix, that runs in the event loop', () => {
    const [pattern, { inline }] = routeOf({ prefix: '/files/' })
    assert.equal(pattern, 'GET /files/*')
    assert.isTrue(inline)
  })

  it('answers with a reference to the file below the root', () => {
    const expected: FileReference = { kind: 'file', path: 'a/b.txt', root: '/srv/www', precompressed: true }
    assert.deepEqual(referenceTo('/static/a/b.txt'), expected)
    assert.deepEqual(referenceTo('/a/b.txt', { prefix: '/' }), expected)
  })

  it('sets Cache-Control when it is configured', () => {
    assert.equal(answerTo('/static/a', { cacheControl: 'max-age=60' }).fields.get('cache-control'), 'max-age=60')
    assert.isNull(answerTo('/static/a').fields.get('cache-control'))
  })

  const names: [path: string, expected: string, rule: string][] = [
    ['/static/', '', 'the root itself'],
    ['/static/dir/', 'dir/', 'a folder keeps its trailing slash'],
    ['/static/ü 1.txt', 'ü 1.txt', 'a decoded path is not encoded again'],
    ['/static/100%25.txt', '100%.txt', 'an encoded percent sign is decoded'],
    ['/static/%252e%252e/a', '%2e%2e/a', 'and only once'],
    ['/static/a%2Fb', 'a\0b', 'an encoded slash is not a separator'],
    ['/static/..%2Fa', '..\0a', 'not even after dots'],
    ['/static/%FFa', '\0a', 'an octet that is not UTF-8'],
  ]
  for (const [path, expected, rule] of names) {
    it(`maps ${path} to a file name: ${rule}`, () => assert.equal(referenceTo(path).path, expected))
  }

  describe('with real files', () => {
    let folder: Folder
    let descriptorsBefore: number
    before(() => {
      folder = new Folder({
        'root/a.txt': 'inside',
        'root/dir/index.html': 'index',
        'root/bare/a.txt': 'no index',
        'root/100% ü.txt': 'odd name',
        'root/.env': 'hidden',
        'root/.git/config': 'hidden',
        'outside/secret.txt': 'secret',
      })
      const links = { out: '../outside/secret.txt', 'out-twice': 'out', 'out-folder': '../outside', zero: '/dev/zero' }
      for (const [name, to] of Object.entries(links)) symlinkSync(to, folder.at(`root/${name}`))
      execFileSync('mkfifo', [folder.at('root/fifo')])
      writeFileSync(Buffer.concat([Buffer.from(folder.at('root/')), Buffer.from([0xff])]), 'not UTF-8')
      descriptorsBefore = countDescriptors()
    })
    after(async () => {
      folder.remove()
      await settled(countDescriptors, descriptorsBefore)
    })

    const cases: [target: string, status: number, content: string | null, rule: string][] = [
      ['/static/a.txt', 200, 'inside', 'a file'],
      ['/static/dir/', 200, 'index', 'an index'],
      ['/static/dir/../a.txt', 200, 'inside', 'dot segments that stay inside the root'],
      ['/static/%61.txt', 200, 'inside', 'an unnecessary escape'],
      ['/static/100%25%20%C3%BC.txt', 200, 'odd name', 'a percent sign, a space, a letter'],
      ['/static/dir', 308, null, 'a folder without its trailing slash'],
      ['/static/bare/', 404, null, 'a folder without index'],
      ['/static/bare', 404, null, 'a folder without index and without its trailing slash'],
      ['/static/dir%2Findex.html', 404, null, 'an encoded slash'],
      ['/static/..%2Foutside%2Fsecret.txt', 404, null, 'dots with encoded slashes'],
      ['/static/%2e%2e%2foutside%2fsecret.txt', 404, null, 'encoded dots with encoded slashes'],
      ['/static/dir/%252e%252e/a.txt', 404, null, 'dots encoded twice'],
      ['/static/%5c..%5coutside', 404, null, 'encoded backslashes'],
      ['/static/..%5c..%5coutside%5csecret.txt', 404, null, 'dots with encoded backslashes'],
      ['/static/%c0%ae%c0%ae/outside/secret.txt', 404, null, 'dots in overlong UTF-8'],
      ['/static//a.txt', 404, null, 'an empty segment'],
      ['/static//etc/passwd', 404, null, 'an absolute path after the prefix'],
      ['/static/%2Fetc%2Fpasswd', 404, null, 'an encoded absolute path'],
      ['/static/.env', 404, null, 'a dot file'],
      ['/static/%2Eenv', 404, null, 'an encoded dot file'],
      ['/static/.git/config', 404, null, 'a file in a dot folder'],
      ['/static/out', 404, null, 'a link that leaves the root'],
      ['/static/out-twice', 404, null, 'a link to a link that leaves the root'],
      ['/static/out-folder/secret.txt', 404, null, 'a file through a link to a folder outside'],
      ['/static/out-folder/', 404, null, 'a link to a folder outside'],
      ['/static/zero', 404, null, 'a link to a device'],
      ['/static/fifo', 404, null, 'a FIFO'],
      ['/static/%FF', 404, null, 'a name that is not UTF-8'],
      ['/static/a.txt/', 404, null, 'a file requested as a folder'],
      ['/static/a.txt%0A', 404, null, 'a line break'],
    ]
    for (const [target, status, content, rule] of cases) {
      it(`gives ${status} to ${target}: ${rule}`, async () => {
        const response = await respond(folder.at('root'), target)
        assert.equal(response.status, status)
        if (content !== null) assert.equal(contentOf(response), content)
      })
    }

    it('serves the shipped sample', async () => {
      const response = await respond(null, '/static/')
      assert.equal(response.fields.get('content-type'), 'text/html; charset=utf-8')
      assert.include(contentOf(response), '<!doctype html>')
    })

    it('sends the precompressed style sheet of the sample', async () => {
      const response = await respond(null, '/static/style.css', { 'accept-encoding': 'br' })
      assert.equal(response.fields.get('content-encoding'), 'br')
      ;(response.content as FileContent).discard()
    })
  })
})

/** The response of the server to a target below the prefix. */
function respond(root: string | null, target: string, fields: Record<string, string> = {}): Promise<SendableResponse> {
  const responder = new FileResponder(
    new SystemFiles(),
    mediaTypeOf,
    () => 'BOUNDARY',
    () => Date.now(),
  )
  const path = normalPath(target)
  const headers = FieldSection.of(Object.entries(fields))
  return Promise.resolve(responder.respond({ method: 'GET', path, headers }, answerTo(path, { root })))
}

function contentOf({ content }: SendableResponse): string {
  const { parts, length } = content as FileContent
  const octets = Buffer.alloc(length)
  for (const part of parts) {
    if (typeof part === 'string') throw new Error(`Cannot read "${part}": wanted a part of a file`)
    assert.equal(readSync(part.descriptor, octets, 0, part.length, part.offset), length)
    part.released(null)
  }
  return octets.toString()
}
