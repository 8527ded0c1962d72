import { TemporaryFolder } from './folder.js'
import { startServer, type RunningServer } from './server.js'
import { TRYING_PLUGIN } from './trying-plugin.js'

/** A folder with the plugin for tests, and with files to serve in `site`. */
export class TryingSite extends TemporaryFolder {
  /** @param files contents by path below the folder */
  constructor(files: Readonly<Record<string, string | Uint8Array>>) {
    super({ 'plugins/trying.mjs': TRYING_PLUGIN, ...files })
  }

  /** Starts a server with the plugin and the files. */
  start(flags: readonly string[] = []): Promise<RunningServer> {
    return startServer({ flags: ['--plugins', `${this.path}/plugins`, '--static', `${this.path}/site`, ...flags] })
  }
}
