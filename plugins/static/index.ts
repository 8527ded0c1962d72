import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { definePlugin, fields, file, type FileInit, type Handler } from 'portico/plugin'

/** The section `static` of the configuration, checked there. */
interface StaticSettings {
  /** An absolute path; `null`: the sample beside this plugin. */
  readonly root: string | null
  /** Begins and ends with `/`. */
  readonly prefix: string
  /** Empty leaves the field out. */
  readonly cacheControl: string
  readonly precompressed: boolean
}

/** Serves the files of a folder. */
export default definePlugin({
  name: 'static',
  routes: ({ settings }) => {
    const { root, prefix, cacheControl, precompressed } = settings as unknown as StaticSettings
    const headers = fields(cacheControl === '' ? {} : { 'Cache-Control': cacheControl })
    const handler = filesBelow(prefix, { root: root ?? sampleRoot(), headers, precompressed })
    return { [`GET ${prefix}*`]: { handler, inline: true } }
  },
})

function filesBelow(prefix: string, init: FileInit): Handler {
  return (request) => file(fileNamed(request.path.slice(prefix.length)), init)
}

/**
 * The file that a path in normal form names. The escapes that the form has left are `%25`, for a `%` in a name; `%2F`,
 * which must not become a separator; and octets that are no UTF-8. No file here has a name with one of the latter two;
 * a NUL, which no name at all can hold, makes them missing like any other.
 */
function fileNamed(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%../g, (escape) => (escape === '%25' ? '%' : '\0'))
}

/** The sample lies beside this module as it was written, not as it was compiled into `dist`. */
function sampleRoot(): string {
  const places = ['sample', '../../../plugins/static/sample'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  )
  const found = places.find(existsSync)
  if (found === undefined) throw new Error(`Cannot find the sample site: looked in ${places.join(' and ')}`)
  return found
}
