import { transferableOctets } from '../../domain/threadpool/transferable-octets.js'
import { isOfKind, type FileReference, type Response } from '../../domain/message/response.js'
import type { FileMessage } from '../../ports/threads/thread-messages.js'

/**
 * The content of a response as it crosses, but for a stream.
 *
 * @throws {TypeError} for what the main thread alone can make, or no maker made
 */
export function contentMessage({ content }: Response): string | Uint8Array<ArrayBuffer> | FileMessage | null {
  if (content === null || typeof content === 'string') return content
  if (content instanceof Uint8Array) return transferableOctets(content)
  if (isOfKind(content, 'file')) return crossedFile(content)
  throw new TypeError(`Cannot answer with content of kind "${content.kind}" from a thread`)
}

function crossedFile(reference: FileReference): FileMessage {
  const { path, root, precompressed }: Record<keyof FileReference, unknown> = reference
  if (typeof path === 'string' && (root === null || typeof root === 'string')) {
    return ['file', path, root, Boolean(precompressed)]
  }
  throw new TypeError(`Cannot answer with a file whose path is a ${typeof path} below a ${typeof root}: wanted texts`)
}
