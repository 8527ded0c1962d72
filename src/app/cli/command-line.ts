import { Command, CommanderError } from 'commander'
import type { MakeCertificate } from '../../ports/tools/development-certificate.js'
import type { WriteNew } from '../../ports/tools/new-files.js'
import type { GivenSetting, Settings, SettingsSource } from '../../ports/operations/settings.js'
import {
  loadConfiguration,
  type Configuration,
  type ConfigurationSources,
  type LoadedConfiguration,
} from '../configuration.js'
import { messageOf } from '../message-of.js'
import { addCertificateFlags, type CertificateFlags, certificateReport } from './certificate.js'
import { certificateNames } from './certificate-names.js'
import { compare, type CompareParts } from './compare/compare.js'
import { addCompareFlags, type CompareFlags } from './compare/flags.js'
import { addFlags } from './flags.js'
import { furtherHelp, HELP_WIDTH } from './help.js'
import {
  addLoadFlags,
  CLEAR_LINE,
  isFailure,
  loadJson,
  loadOptions,
  loadText,
  progressLine,
  refuseCombination,
  type LoadFlags,
} from './load.js'
import { addNewPluginFlags, newPluginReport, pluginFiles, type NewPluginFlags } from './new-plugin.js'
import { addCompletionFlags, completionScript, type Shell } from './completion.js'
import { effectiveJson, effectiveTable, problemList, type RouteListing, routesJson, routesTable } from './reports.js'

/** Everything that the commands use. */
export interface CommandLineParts extends ConfigurationSources, CompareParts {
  readonly settings: SettingsSource
  /**
   * Runs the server until it ends, and returns the exit code.
   *
   * @param load loads the configuration again, from the same arguments and environment and the files as they are then
   */
  serve(configuration: Configuration, load: () => Promise<LoadedConfiguration>): Promise<number>
  /**
   * Lists the routes of all plugins.
   *
   * @throws {Error} when a plugin is broken
   */
  routes(settings: Settings): Promise<readonly RouteListing[]>
  readonly makeCertificate: MakeCertificate
  readonly writeNew: WriteNew
  readonly version: string
}

/** Runs one command and returns the exit code. The arguments do not include the name of the program. */
export type CommandLine = (argv: readonly string[], environment: Environment) => Promise<number>

type Environment = Readonly<Record<string, string | undefined>>

const DONE = 0
const FAILURE = 1
const USAGE = 2
/** `EX_CONFIG` of sysexits.h. */
const BAD_CONFIGURATION = 78

/** Makes the command line of the program. */
export function commandLine(parts: CommandLineParts): CommandLine {
  return (argv, environment) => new Invocation(parts, environment).run(argv)
}

/** The settings that serve the files of a folder at `/`, in place of the hello plugin. */
const serveFolder = (folder: string): GivenSetting[] => [
  { key: 'static.root', text: folder, origin: 'argument DIR', adds: false },
  { key: 'static.prefix', text: '/', origin: 'argument DIR', adds: false },
  { key: 'plugins.without', text: 'hello', origin: 'argument DIR', adds: true },
]

/** The permissions of new folders, before the umask. */
const FOLDER_MODE = 0o777

/** Tells whether a word without a command must be a folder. Any other word is taken for a misspelled command. */
const looksLikePath = (word: string): boolean => /[/\\]|^\.\.?$/.test(word)

const MORE_HELP = '\nFlags may also precede the command. For other keys, examples and exit codes: portico --help'

/** One run of the program. Commander reads the arguments; the actions set the exit code. */
class Invocation {
  private readonly given: GivenSetting[] = []
  private readonly program: Command
  private code = DONE

  constructor(
    private readonly parts: CommandLineParts,
    private readonly environment: Environment,
  ) {
    this.program = this.frame()
    addFlags(this.program, parts.settings.keys, this.given)
    this.addCommands()
    this.program.addHelpText('after', furtherHelp(parts.settings.keys))
  }

  async run(argv: readonly string[]): Promise<number> {
    try {
      await this.program.parseAsync(argv, { from: 'user' })
      return this.code
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      return error.exitCode === 0 ? DONE : this.refuseUsage(error.message)
    }
  }

  private frame(): Command {
    // Positional options: flags after a command belong to that command, because `--host` means one thing to serve and
    // another to cert.
    return new Command('portico')
      .description('A strict, observable HTTP/1.1 origin server with drop-in route handlers.')
      .usage(
        '[serve] [DIR] [flags]\n       portico check|routes [--json] [flags]\n       portico cert [--dir DIR] [--host NAME]...\n' +
          '       portico load [--host HOST] [--port PORT] [--path PATH] [flags]\n' +
          '       portico compare [DIR] [--rounds NUMBER] [--report FILE] [flags]\n' +
          '       portico new plugin NAME [--dir DIR]\n       portico completion bash|zsh|fish',
      )
      .version(this.parts.version, '--version', 'print the version')
      .helpOption('-h, --help', 'print this help')
      .helpCommand('help [command]', 'print this help, or the help of a command')
      .configureHelp({ helpWidth: HELP_WIDTH, visibleArguments: () => [] })
      .enablePositionalOptions()
      .configureOutput({ writeOut: (text) => this.parts.out(text), outputError: () => {} })
      .exitOverride()
  }

  private addCommands(): void {
    const { program } = this
    const command = (usage: string, description: string): Command => program.command(usage).description(description)
    program.argument('[dir]').action((folder?: string) => this.serveUnnamed(folder))
    const serve = command('serve [dir]', 'serve until SIGTERM or SIGINT (the default); with DIR, serve its files at /')
    this.takeFlags(serve).action((folder?: string) => this.serve(folder))
    const check = command('check', 'validate the configuration; print each value in effect and its origin')
    this.takeFlags(check.option('--json', 'print JSON')).action((options: { json?: true }) =>
      this.check(options.json ? effectiveJson : effectiveTable),
    )
    const routes = command('routes', 'print the routes of all plugins')
    this.takeFlags(routes.option('--json', 'print JSON')).action((options: { json?: true }) =>
      this.routes(options.json ? routesJson : routesTable),
    )
    const cert = command('cert', 'make a certificate and a private key for HTTPS in development')
    addCertificateFlags(cert).action((flags: CertificateFlags) => this.makeCertificate(flags))
    const made = this.parentOf(command('new', 'create a plugin and its test from a template'), 'plugin NAME')
      .command('plugin')
      .description('create a plugin and its test from a template')
    addNewPluginFlags(made).action((name: string, flags: NewPluginFlags) => this.makePlugin(name, flags))
    const completion = command('completion', 'print a script that completes commands and flags in your shell')
    addCompletionFlags(completion).action((shell: Shell) => {
      this.refuseFlagsBefore('completion')
      this.parts.out(completionScript(shell, program))
    })
    const load = command('load', 'send load to a server and report throughput, latency and errors')
    addLoadFlags(load).action((flags: LoadFlags) => this.makeLoad(flags))
    const compared = command('compare [dir]', 'load your server with each engine in turn and compare the results')
    addCompareFlags(this.takeFlags(compared)).action((folder: string | undefined, flags: CompareFlags) =>
      this.compare(folder, flags),
    )
  }

  /**
   * Makes a command that only has subcommands refuse to run without one.
   *
   * @param example a subcommand with its arguments
   */
  private parentOf(parent: Command, example: string): Command {
    const name = parent.name()
    return parent.action(() => this.program.error(`missing what to create, such as: portico ${name} ${example}`))
  }

  /** Gives a command the flags of the server. */
  private takeFlags(command: Command): Command {
    addFlags(command, this.parts.settings.keys, this.given)
    return command.addHelpText('after', MORE_HELP)
  }

  private serveUnnamed(word?: string): Promise<void> {
    if (word === undefined || looksLikePath(word)) return this.serve(word)
    const names = this.program.commands.map((each) => each.name()).join(', ')
    return this.program.error(`unknown command '${word}' (commands: ${names}; for a folder: portico serve ${word})`)
  }

  private serve(folder?: string): Promise<void> {
    if (folder !== undefined) this.takeFolder(folder)
    return this.withSettings(async ({ settings, credentials, socket }) => {
      this.code = await this.parts.serve({ settings, credentials, socket }, () => this.load())
    })
  }

  private takeFolder(folder: string): void {
    const isGivenTwice = this.given.some(({ origin }) => origin === 'flag --static')
    if (isGivenTwice) this.program.error('DIR and --static name the same setting: pass only one of them')
    // First, so that flags override the settings of the folder.
    this.given.unshift(...serveFolder(folder))
  }

  private check(report: typeof effectiveTable): Promise<void> {
    return this.withSettings(({ effective }) => this.parts.out(report(effective)))
  }

  private routes(report: typeof routesTable): Promise<void> {
    return this.withSettings(({ settings }) =>
      this.reportFailure(async () => this.parts.out(report(await this.parts.routes(settings)))),
    )
  }

  private makeCertificate({ dir, host = [] }: CertificateFlags): Promise<void> {
    this.refuseFlagsBefore('cert')
    const names = certificateNames(host)
    return this.reportFailure(async () =>
      this.parts.out(certificateReport(await this.parts.makeCertificate({ directory: dir, names }), names)),
    )
  }

  private makePlugin(name: string, flags: NewPluginFlags): Promise<void> {
    this.refuseFlagsBefore('new')
    const files = pluginFiles(name, flags)
    return this.reportFailure(async () => {
      await this.parts.writeNew({ path: flags.dir, mode: FOLDER_MODE }, files)
      this.parts.out(newPluginReport(name, flags, files))
    })
  }

  private makeLoad(flags: LoadFlags): Promise<void> {
    this.refuseFlagsBefore('load')
    refuseCombination(this.program, flags)
    const { parts } = this
    const options = loadOptions(flags)
    return this.reportFailure(async () => {
      const load = parts.beginLoad(options, (requests, elapsedMs) => {
        if (parts.errIsTerminal) parts.err(progressLine(options, elapsedMs, requests))
      })
      parts.onInterrupt(() => load.stop())
      const report = await load.report
      if (parts.errIsTerminal) parts.err(CLEAR_LINE)
      parts.out(flags.json ? loadJson(options, report) : loadText(options, report))
      if (isFailure(flags, report)) this.code = FAILURE
    })
  }

  private compare(folder: string | undefined, flags: CompareFlags): Promise<void> {
    refuseCombination(this.program, flags)
    const words = this.serverWords(folder)
    if (folder !== undefined) this.takeFolder(folder)
    return this.withSettings((configuration) =>
      this.reportFailure(async () => {
        if (!(await compare(this.parts, { ...configuration, words, flags }))) this.code = FAILURE
      }),
    )
  }

  /** The arguments that start a server with the same configuration in another process. */
  private serverWords(folder: string | undefined): string[] {
    const file = this.configFile()
    return [
      ...['serve', ...(folder === undefined ? [] : [folder])],
      ...(file === null ? [] : ['--config', file]),
      ...this.given.flatMap(({ key, text }) => ['--set', `${key}=${text}`]),
    ]
  }

  /** Refuses server flags before a command that ignores them: they may have been meant as flags of the command. */
  private refuseFlagsBefore(command: string): void {
    const [flag] = [...this.given.map(({ origin }) => origin), ...(this.configFile() === null ? [] : ['flag --config'])]
    if (flag !== undefined) this.program.error(`${flag} does not apply to ${command} (see portico ${command} --help)`)
  }

  /** Runs a task and reports its failure without a stack, because its cause is outside the program. */
  private async reportFailure(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.parts.err(`portico: ${messageOf(error)}\n`)
      this.code = FAILURE
    }
  }

  private async withSettings(
    use: (loaded: Exclude<LoadedConfiguration, { problems: unknown }>) => void | Promise<void>,
  ): Promise<void> {
    const loaded = await this.load()
    if (!('problems' in loaded)) return use(loaded)
    this.parts.err(problemList(loaded.problems))
    this.code = BAD_CONFIGURATION
  }

  private load(): Promise<LoadedConfiguration> {
    const { given, environment } = this
    return loadConfiguration(this.parts, { given, environment, configFile: this.configFile() })
  }

  /** The file after the command, which is the later one; otherwise the file before it. */
  private configFile(): string | null {
    const found = [...this.program.commands, this.program].map((each) => each.opts<{ config?: string }>().config)
    return found.find((file) => file !== undefined) ?? null
  }

  /** @param message of commander, such as "error: unknown option '--prot'\n(Did you mean --port?)" */
  private refuseUsage(message: string): number {
    const line = message.replace(/^error: /, '').replaceAll('\n', ' ')
    this.parts.err(`portico: Cannot read the command line: ${line}\nFor help: portico --help\n`)
    return USAGE
  }
}
