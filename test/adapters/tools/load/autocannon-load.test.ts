import { describe } from 'mocha'
import { autocannonLoad } from '../../../../src/adapters/tools/load/autocannon-load.js'
import { loadContract } from '../../../contract/load.js'

describe('Load: autocannon', () => {
  loadContract(autocannonLoad)
})
