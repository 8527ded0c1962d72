/** `portico compare`: what it takes. */
import { type Command, Option } from 'commander'
import { number, requestOptions, wholeNumber, type RequestFlags } from '../load.js'
import type { Bounds } from './gates.js'

export interface CompareFlags extends RequestFlags, Bounds {
  readonly rounds: number
  readonly markdown?: true
  /** A path. */
  readonly report?: string
}

const HELP = `
Each engine serves what you would have served, on a free port of this machine, and is loaded for a second before it counts.
Engines take turns; with socket=auto each runs on epoll and on net sockets. Where HTTPS alone is served, it is loaded by HTTPS.
Load and server share this machine: what the load takes, the server lacks. Figures are medians of all rounds, beside the least
and the greatest.

Exit codes: 0 all gates passed; 1 one did not, or it was ended early; 2 the command line; 78 the configuration.
`

const GROUP = 'Comparison:'

/** Beside the flags of the server. */
export function addCompareFlags(command: Command): Command {
  const gates = [
    new Option('--rounds <NUMBER>', 'how often each is measured').default(3).argParser(wholeNumber(1)),
    new Option('--max-errors <PERCENT>', 'gate: errors of selectors in the worst round')
      .default(1)
      .argParser(number(0, 'percent, such as 0.5')),
    new Option('--max-p95 <MS>', 'gate: p95 of selectors')
      .default(200)
      .argParser(number(0, 'milliseconds, such as 50')),
    new Option('--min-ratio <NUMBER>', 'gate: requests per second of selectors, of those of threadpool')
      .default(1.8)
      .argParser(number(0, 'a number, such as 1.8')),
    new Option('--json', 'print all rounds as JSON').conflicts('markdown'),
    new Option('--markdown', 'print it as Markdown'),
    new Option('--report <FILE>', 'write a page with plots, too'),
  ]
  for (const option of [...requestOptions(5), ...gates]) command.addOption(option.helpGroup(GROUP))
  return command.addHelpText('after', HELP)
}
