import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { bytes, text, type Response } from 'portico/plugin'

const resolvePackage = createRequire(import.meta.url).resolve

/** Finds a file of the page. It is beside the source of this module, which may be compiled into `dist`. */
function pageFile(name: string): string {
  const places = ['page', '../../../plugins/dashboard/page'].map((folder) =>
    fileURLToPath(new URL(`${folder}/${name}`, import.meta.url)),
  )
  const found = places.find(existsSync)
  if (found === undefined)
    throw new Error(`Cannot find the dashboard's file ${name}: looked for ${places.join(' and ')}`)
  return found
}

/** The files of the page, with their paths and media types. */
const FILES: Readonly<Record<string, readonly [path: () => string, type: string]>> = {
  'index.html': [() => pageFile('index.html'), 'text/html; charset=utf-8'],
  'style.css': [() => pageFile('style.css'), 'text/css; charset=utf-8'],
  'page.js': [() => pageFile('page.js'), 'text/javascript; charset=utf-8'],
  'icon.svg': [() => pageFile('icon.svg'), 'image/svg+xml'],
  'uplot.css': [() => resolvePackage('uplot/dist/uPlot.min.css'), 'text/css; charset=utf-8'],
  'uplot.js': [() => resolvePackage('uplot/dist/uPlot.esm.js'), 'text/javascript; charset=utf-8'],
}

/** The page loads nothing from other hosts, and nothing inline. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
}

/** Serves the files of the page. Each is read when it is first requested. */
export class PageFiles {
  private readonly contents = new Map<string, Buffer>()

  /** Answers with a file of the page; 404 for any other name. */
  async response(name: string): Promise<Response> {
    const found = Object.hasOwn(FILES, name) ? FILES[name] : undefined
    if (found === undefined) return text('No such file\n', { status: 404 })
    const [path, type] = found
    const content = this.contents.get(name) ?? (await readFile(path()))
    this.contents.set(name, content)
    return bytes(content, type, { headers: HEADERS })
  }
}
