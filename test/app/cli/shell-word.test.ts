import { execFileSync } from 'node:child_process'
import { assert } from 'chai'
import { describe, it } from 'mocha'
import { shellWord } from '../../../src/app/cli/shell-word.js'

describe('shellWord()', () => {
  for (const text of ['certs/cert.pem', '/a/b-c_d.e', 'C:/x', 'a=b,c@d+e%f']) {
    it(`does not quote ${text}`, () => assert.equal(shellWord(text), text))
  }

  it('quotes a text with spaces', () => {
    assert.equal(shellWord('my certs/cert.pem'), "'my certs/cert.pem'")
  })

  for (const text of ['', "it's", "'", '$HOME', '`id`', 'a"b', 'a\\b', '~/x', 'a*', 'a;b', 'a&b', 'a\nb', 'ü', '#a']) {
    it(`is read back unchanged by a shell: ${JSON.stringify(text)}`, function () {
      if (process.platform === 'win32') this.skip()
      assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' }), text)
    })
  }
})
