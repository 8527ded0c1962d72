/** Wires the sources of the configuration, which is read before anything else can be wired. */
import { LayeredSettings } from '../../adapters/settings/layered-settings.js'
import type { SettingsSource } from '../../ports/operations/settings.js'
import type { ConfigurationSources } from '../configuration.js'

/** Makes the sources. Credentials and the epoll check load their adapters at first use, because not every command needs them. */
export function configurationSources(): ConfigurationSources & { readonly settings: SettingsSource } {
  return {
    settings: new LayeredSettings({ terminal: process.stdout.isTTY, workingDirectory: process.cwd() }),
    credentials: {
      load: async (tls) => {
        const { CredentialFiles } = await import('../../adapters/tls/credential-files.js')
        return new CredentialFiles().load(tls)
      },
    },
    tryEpoll: async () => {
      const { checkSockets } = await import('../../adapters/socket/epoll/self-check.js')
      return checkSockets()
    },
  }
}
