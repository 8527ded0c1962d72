import { engineContract } from '../contract/engine.js'
import { FakeEngine } from './fake-engine.js'

engineContract('FakeEngine', () => new FakeEngine())
