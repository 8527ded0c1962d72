import { SelectorsEngine } from '../../../../src/adapters/engine/selectors/selectors-engine.js'
import { engineContract } from '../../../contract/engine.js'

engineContract('SelectorsEngine', () => new SelectorsEngine())
