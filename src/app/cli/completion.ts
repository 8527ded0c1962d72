/** `portico completion`: scripts that complete commands, flags and their values in a shell. */
import { Argument, type Command, type Option } from 'commander'

const SHELLS = ['bash', 'zsh', 'fish'] as const
/** A shell for which there is a script. */
export type Shell = (typeof SHELLS)[number]

const HELP = `
To install it:
  bash  source <(portico completion bash)                   in ~/.bashrc
  zsh   source <(portico completion zsh)                    in ~/.zshrc, after compinit
  fish  portico completion fish > ~/.config/fish/completions/portico.fish
`

/** A command, with everything that may follow it. */
interface Completed {
  readonly name: string
  readonly description: string
  /** The words that may follow it: its subcommands, or the values of its argument. */
  readonly words: readonly string[]
  readonly options: readonly Option[]
}

/** Gives the command `completion` its argument and help. */
export function addCompletionFlags(command: Command): Command {
  return command.addArgument(new Argument('<shell>').choices(SHELLS)).addHelpText('after', HELP)
}

/** Makes the script for one shell from the commands and options of the program. */
export function completionScript(shell: Shell, program: Command): string {
  const commands = completedOf(program)
  switch (shell) {
    case 'bash':
      return bashScript(commands)
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`
    case 'fish':
      return fishScript(commands)
  }
}

function completedOf(program: Command): Completed[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    words: [
      ...command.commands.map((own) => own.name()),
      ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    ],
    options: [...command.options, ...command.commands.flatMap((own) => own.options)],
  }))
}

/** Reads the values of a flag from its placeholder, such as `--engine <selectors|threadpool>`. */
function wordsOf({ flags }: Option): string[] {
  const [, values = ''] = /<(.+)>/.exec(flags) ?? []
  return values.includes('|') ? values.split('|').filter((word) => /^[a-z]+$/.test(word)) : []
}

/** All words that are offered after a command. */
const offered = ({ words, options }: Completed): string => [...words, ...options.map(({ long }) => long)].join(' ')

function bashScript(commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name)
  const choices = new Map(commands.flatMap(({ options }) => options.map((option) => [option.long!, wordsOf(option)])))
  const valueCases = [...choices]
    .filter(([, words]) => words.length > 0)
    .map(([flag, words]) => `    ${flag}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word")); return ;;`)
  const flagCases = commands.map((each) => `    ${each.name}) words='${offered(each)}' ;;`)
  return `_portico() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' each
  case $before in
${valueCases.join('\n')}
  esac
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in ${names.join('|')}) command=$each; break ;; esac
  done
  case \${command:-serve} in
${flagCases.join('\n')}
  esac
  if [ -z "$command" ]; then words="${names.join(' ')} $words"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case $word in -*) ;; *) COMPREPLY+=($(compgen -f -- "$word")) ;; esac
}
complete -F _portico portico
`
}

function fishScript(commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const ofCommand = ({ name, description, words, options }: Completed): string[] => [
    `complete -c portico -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...words.map((word) => `complete -c portico -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -xa ${word}`),
    ...options.map((option) => {
      const values = wordsOf(option)
      const value = values.length > 0 ? ` -xa ${quoted(values.join(' '))}` : option.required ? ' -r' : ''
      const where = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`
      return `complete -c portico ${where} -l ${option.long!.slice(2)}${value} -d ${quoted(option.description)}`
    }),
  ]
  return `${commands.flatMap(ofCommand).join('\n')}\n`
}
