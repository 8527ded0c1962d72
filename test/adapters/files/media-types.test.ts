import { assert } from 'chai'
import { describe, it } from 'mocha'
import { mediaTypeOf } from '../../../src/adapters/files/media-types.js'

describe('mediaTypeOf()', () => {
  const cases: [path: string, expected: string | null, rule: string][] = [
    ['index.html', 'text/html', 'the extension tells'],
    ['a/b.c/app.js', 'text/javascript', 'only the last segment counts'],
    ['PHOTO.JPG', 'image/jpeg', 'case does not matter'],
    ['site.tar.gz', 'application/gzip', 'the last extension counts'],
    ['notes.unheard-of', null, 'an extension nobody knows'],
    ['LICENSE', null, 'no extension'],
    ['txt', null, 'a name that is an extension has none'],
    ['a.b/txt', null, 'a dot in a folder is no extension'],
    ['constructor.constructor', null, 'a name of Object.prototype is no extension'],
  ]
  for (const [path, expected, rule] of cases) it(rule, () => assert.equal(mediaTypeOf(path), expected))
})
