/** HTML pages without external resources. */
const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --own: #0969da; --other: #a0abb8; --good: #1a7f37; --bad: #cf222e; --back: #fff; --c0: #0969da; --c1: #bf5700; --c2: #1a7f37; --c3: #8250df }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --own: #4493f8; --other: #656c76; --good: #3fb950; --bad: #f85149; --back: #0d1117; --c0: #4493f8; --c1: #f0883e; --c2: #3fb950; --c3: #ab7df8 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 800px; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.25 } h2 { margin-top: 3rem } h3 { margin-top: 2.5rem }
p, li, figcaption { color: var(--soft) } table { border-collapse: collapse; font-size: 14px; width: 100% }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums }
figure { margin: 1rem 0; overflow-x: auto } svg { max-width: 100%; height: auto } svg text { font: 13px system-ui, sans-serif; fill: var(--text) }
.soft { fill: var(--soft) } .own { fill: var(--own) } .other { fill: var(--other) } .grid { stroke: var(--line) } .spread { stroke: var(--text) } .round { fill: var(--back); stroke: var(--text) }
.curve { fill: none; stroke-width: 2 } .good { color: var(--good) } .bad { color: var(--bad) } summary { cursor: pointer; color: var(--soft) }`

/**
 * Makes a page.
 *
 * @param title as text
 * @param content the body below the title, as HTML
 */
export function pageOf(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
${content}
</html>
`
}

/** Escapes a text for HTML content and quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Makes a list item that says whether a gate passed. */
export function verdictItem(passed: boolean, text: string): string {
  return `<li><b class="${passed ? 'good">passed' : 'bad">failed'}</b> ${escaped(text)}</li>`
}

/** Makes a table of text cells. The first row is the head. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const [head, ...others] = rows
  const row = (cells: readonly string[], kind: string): string =>
    `<tr>${cells.map((cell) => `<${kind}>${escaped(cell)}</${kind}>`).join('')}</tr>`
  return `<table>${row(head!, 'th')}${others.map((cells) => row(cells, 'td')).join('')}</table>`
}
