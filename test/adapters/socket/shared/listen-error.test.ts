import { assert } from 'chai'
import { describe, it } from 'mocha'
import { listenError } from '../../../../src/adapters/socket/shared/listen-error.js'

describe('listenError()', () => {
  const cases: [host: string, code: string, message: string][] = [
    [
      '127.0.0.1',
      'EADDRINUSE',
      'Cannot listen on 127.0.0.1:80: the port is in use (EADDRINUSE). Stop the other program or pass --port (HTTPS: --https-port).',
    ],
    [
      '::1',
      'EACCES',
      'Cannot listen on [::1]:80: this user has no permission to listen on that port (EACCES). ' +
        'Give node the capability CAP_NET_BIND_SERVICE or pass --port (HTTPS: --https-port) with a port from 1024.',
    ],
    [
      '192.0.2.1',
      'EADDRNOTAVAIL',
      'Cannot listen on 192.0.2.1:80: this machine does not have that address (EADDRNOTAVAIL). ' +
        'To listen on one of its own, pass --host with that address; 0.0.0.0 is every IPv4 address.',
    ],
    [
      'unix:/run/portico/s',
      'ENOENT',
      'Cannot listen on unix:/run/portico/s: the folder /run/portico does not exist (ENOENT). ' +
        'Create the folder or pass --host with another path.',
    ],
    [
      'unix:/run/s',
      'EACCES',
      'Cannot listen on unix:/run/s: this user has no permission to create a socket there (EACCES). ' +
        'Give the user write permission for /run or pass --host with another path.',
    ],
    ['127.0.0.1', 'ENOBUFS', "Cannot listen on 127.0.0.1:80: the platform's words (ENOBUFS)"],
  ]
  for (const [host, code, message] of cases) {
    it(`says what is wrong with ${host}, and what to do: ${code}`, () => {
      const cause = Object.assign(new Error("the platform's words"), { code })
      const error = listenError({ host, port: 80 }, cause)
      assert.deepEqual([error.message, error.code, error.cause], [message, code, cause])
    })
  }
})
