import mime from 'mime'
import type { MediaTypes } from '../../ports/serving/files.js'

/** Media types by file extension, from the registry of the `mime` package. */
export const mediaTypeOf: MediaTypes = (path) => mime.getType(`/${path}`)
