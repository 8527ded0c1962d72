import { pluginsContract } from '../contract/plugins.js'
import { FakePlugins } from './fake-plugins.js'

pluginsContract('fake', (plugins) => new FakePlugins(plugins))
