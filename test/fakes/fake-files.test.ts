import { CONTRACT_TREE, filesContract } from '../contract/files.js'
import { FakeFiles, type FakeEntry } from './fake-files.js'

filesContract('the fake', () => {
  const entries: Record<string, FakeEntry> = { 'sealed.txt': 'forbidden' }
  for (const [path, content] of Object.entries(CONTRACT_TREE)) entries[path] = { content }
  const files = new FakeFiles(entries)
  return {
    files,
    root: '/root',
    read: ({ descriptor, size }) => Buffer.from(files.read(descriptor, 0, size), 'latin1').toString(),
    openCount: () => files.openCount,
    unprivileged: (task) => task(),
    dispose: () => undefined,
  }
})
