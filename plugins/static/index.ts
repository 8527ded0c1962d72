import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { definePlugin, fields, file, type FileInit, type Handler } from 'portico/plugin'

/** The section `static` of the configuration, which was validated when it was loaded. */
interface StaticSettings {
  /** An absolute path; `null` for the sample folder of this plugin. */
  readonly root: string | null
  /** Begins and ends with `/`. */
  readonly prefix: string
  /** The value of `Cache-Control`; with an empty one the field is left out. */
  readonly cacheControl: string
  /** Whether the files with `.br` and `.gz` appended are sent to peers that accept them. */
  readonly precompressed: boolean
}

/** Serves the files of a folder below `static.prefix`. */
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
 * Returns the name of the file for a normalized path. Such a path still has three kinds of escapes: `%25` for a `%` in a
 * name, `%2F`, which must not become a separator, and octets that are not UTF-8. No file can be reached by the last two:
 * they are replaced by a NUL, which no name can contain, so that the file is missing.
 */
function fileNamed(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%../g, (escape) => (escape === '%25' ? '%' : '\0'))
}

/** Returns the sample folder. It is beside the source of this module, which may be compiled into `dist`. */
function sampleRoot(): string {
  const places = ['sample', '../../../plugins/static/sample'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  )
  const found = places.find(existsSync)
  if (found === undefined) throw new Error(`Cannot find the sample site: looked in ${places.join(' and ')}`)
  return found
}
