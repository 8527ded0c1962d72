/** `portico compare`: its flags and help. */
import { type Command, Option } from 'commander'
import { number, requestOptions, wholeNumber, type RequestFlags } from '../load.js'
import type { Gates } from './gates.js'

/** The flags of `portico compare`, except the flags of the server. */
export interface CompareFlags extends RequestFlags, Gates {
  readonly rounds: number
  /** Seconds of load before each measurement. */
  readonly warmUp: number
  readonly markdown?: true
  /** The path of the HTML report. */
  readonly report?: string
}

const HELP = `
Every engine serves what "portico serve" would serve, on a free port of this machine. Load warms it up before it is
measured. The engines take turns; with socket=auto, each runs on epoll and on net sockets. Requests use HTTPS where
plain HTTP is off or redirected. The load generator runs on the same machine and competes with the server for its
cores. Every figure is the median of all rounds, followed by the lowest and the highest.

Exit codes: 0 all gates passed; 1 a gate failed, or an interrupt; 2 wrong usage; 78 bad configuration.
`

const GROUP = 'Comparison:'

/** Gives the command `compare` its flags and help, in addition to the flags of the server. */
export function addCompareFlags(command: Command): Command {
  const gates = [
    new Option('--rounds <NUMBER>', 'how often each server is measured').default(3).argParser(wholeNumber(1)),
    new Option('--warm-up <SECONDS>', 'how long to load a server before it is measured')
      .default(1)
      .argParser(number(0.1, 'seconds, such as 1 or 0.5')),
    new Option('--max-errors <PERCENT>', 'gate: most errors of selectors in its worst round')
      .default(1)
      .argParser(number(0, 'percent, such as 0.5')),
    new Option('--max-p95 <MS>', 'gate: highest p95 of selectors')
      .default(200)
      .argParser(number(0, 'milliseconds, such as 50')),
    new Option('--min-ratio <NUMBER>', 'gate: lowest ratio of requests per second, selectors to threadpool')
      .default(1.8)
      .argParser(number(0, 'a number, such as 1.8')),
    new Option('--json', 'print all rounds as JSON').conflicts('markdown'),
    new Option('--markdown', 'print Markdown'),
    new Option('--report <FILE>', 'also write an HTML page with plots'),
  ]
  for (const option of [...requestOptions(5), ...gates]) command.addOption(option.helpGroup(GROUP))
  return command.addHelpText('after', HELP)
}
