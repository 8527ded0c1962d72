import { assert } from 'chai'
import type { CommandLineParts } from '../../../src/app/cli/command-line.js'
import { FakeCredentials } from '../../fakes/fake-credentials.js'
import { FakeSettings } from '../../fakes/settings.js'
import { epollWorks } from '../../fakes/sockets.js'

/** What the command line puts to work, where a test expects none of it: what it does expect takes the place of a part. */
export function idleParts(): Omit<CommandLineParts, 'out' | 'err'> {
  return {
    settings: new FakeSettings(),
    credentials: new FakeCredentials(),
    tryEpoll: epollWorks,
    serve: async () => assert.fail('asked to serve'),
    routes: async () => assert.fail('asked for routes'),
    makeCertificate: async () => assert.fail('asked for a certificate'),
    writeNew: async () => assert.fail('asked for files'),
    beginLoad: () => assert.fail('asked for load'),
    startServer: async () => assert.fail('asked for a server'),
    openReport: async () => assert.fail('asked for a report'),
    onInterrupt: () => undefined,
    errIsTerminal: false,
    version: '1.2.3',
    machine: 'Node 1, 2 cores',
  }
}
