import { assert } from 'chai'
import type { CommandLineParts } from '../../../src/app/cli/command-line.js'
import { FakeCredentials } from '../../fakes/fake-credentials.js'
import { FakeSettings } from '../../fakes/settings.js'
import { epollWorks } from '../../fakes/sockets.js'

/** Parts of a command line that fail the test when they are used. A test replaces the parts that it expects to be used. */
export function idleParts(): Omit<CommandLineParts, 'out' | 'err'> {
  return {
    settings: new FakeSettings(),
    credentials: new FakeCredentials(),
    tryEpoll: epollWorks,
    serve: async () => assert.fail('unexpected: serve'),
    routes: async () => assert.fail('unexpected: routes'),
    makeCertificate: async () => assert.fail('unexpected: a certificate'),
    writeNew: async () => assert.fail('unexpected: files'),
    beginLoad: () => assert.fail('unexpected: load'),
    startServer: async () => assert.fail('unexpected: a server'),
    openReport: async () => assert.fail('unexpected: a report'),
    onInterrupt: () => undefined,
    errIsTerminal: false,
    version: '1.2.3',
    machine: 'Node 1, 2 cores',
  }
}
