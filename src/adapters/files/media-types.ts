import mime from 'mime'
import type { MediaTypes } from '../../ports/serving/files.js'

/** Looks up the media type of a file extension in the registry of the `mime` package. */
export const mediaTypeOf: MediaTypes = (path) => mime.getType(`/${path}`)
