/** A mocha reporter that prints dots, and writes the counts as JSON to a file: `--reporter-option tally=FILE`. */
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

module.exports = class TallyReporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats
      writeFileSync(options.reporterOption.tally, JSON.stringify({ passed: passes, failed: failures, pending }))
    })
  }
}
