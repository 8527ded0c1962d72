import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { bytes, text, type Response } from 'portico/plugin'

const resolvePackage = createRequire(import.meta.url).resolve

/** The page lies beside this module as it was written, not as it was compiled into `dist`. */
function pageFile(name: string): string {
  const places = ['page', '../../../plugins/dashboard/page'].map((folder) =>
    fileURLToPath(new URL(`${folder}/${name}`, import.meta.url)),
  )
  const found = places.find(existsSync)
  if (found === undefined) throw new Error(`Cannot find the page of the dashboard: looked for ${places.join(' and ')}`)
  return found
}

/** Each file of the page: where it is, and its media type. */
const FILES: Readonly<Record<string, readonly [path: () => string, type: string]>> = {
  'index.html': [() => pageFile('index.html'), 'text/html; charset=utf-8'],
  'style.css': [() => pageFile('style.css'), 'text/css; charset=utf-8'],
  'page.js': [() => pageFile('page.js'), 'text/javascript; charset=utf-8'],
  'icon.svg': [() => pageFile('icon.svg'), 'image/svg+xml'],
  'uplot.css': [() => resolvePackage('uplot/dist/uPlot.min.css'), 'text/css; charset=utf-8'],
  'uplot.js': [() => resolvePackage('uplot/dist/uPlot.esm.js'), 'text/javascript; charset=utf-8'],
}

/** Nothing from elsewhere, and nothing inline. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
}

/** The files of the page, each read when it is first asked for. */
export class PageFiles {
  private readonly contents = new Map<string, Buffer>()

  async response(name: string): Promise<Response> {
    const found = Object.hasOwn(FILES, name) ? FILES[name] : undefined
    if (found === undefined) return text('No such file\n', { status: 404 })
    const [path, type] = found
    const content = this.contents.get(name) ?? (await readFile(path()))
    this.contents.set(name, content)
    return bytes(content, type, { headers: HEADERS })
  }
}
