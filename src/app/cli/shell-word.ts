/** A text as one word of a POSIX shell: as it is where the shell leaves it alone, else in quotes. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
