/** Formats terms and their texts in two indented columns. Texts are wrapped at spaces to fit the width. */
export function definitions(rows: readonly (readonly [term: string, text: string])[], width: number): string {
  const column = Math.max(...rows.map(([term]) => term.length)) + 4
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, width - column).join(`\n${' '.repeat(column)}`)
      return `${`  ${term}`.padEnd(column)}${lines}\n`
    })
    .join('')
}

/** Splits a text at spaces into lines of at most `width` characters, except where one word is longer. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
