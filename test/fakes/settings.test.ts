import { settingsContract } from '../contract/settings.js'
import { FakeSettings } from './settings.js'

settingsContract('the fake', () => new FakeSettings())
