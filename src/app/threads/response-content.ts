import { transferableOctets } from '../../domain/threadpool/transferable-octets.js'
import type { FileReference, ResponseContent, StreamedContent } from '../../domain/message/response.js'
import type { FileMessage } from '../../ports/threads/thread-messages.js'

/** Content that one message can carry to the main thread: any but a stream. */
export type WholeContent = Exclude<ResponseContent, StreamedContent>

/**
 * The content of a response as it is sent to the main thread.
 *
 * @throws {TypeError} for a file reference that no maker made
 */
export function contentMessage(content: WholeContent): string | Uint8Array<ArrayBuffer> | FileMessage | null {
  if (content === null || typeof content === 'string') return content
  if (content instanceof Uint8Array) return transferableOctets(content)
  return fileMessage(content)
}

function fileMessage(reference: FileReference): FileMessage {
  const { path, root, precompressed }: Record<keyof FileReference, unknown> = reference
  if (typeof path === 'string' && (root === null || typeof root === 'string')) {
    return ['file', path, root, Boolean(precompressed)]
  }
  throw new TypeError(`Cannot answer with a file whose path is a ${typeof path} below a ${typeof root}: wanted texts`)
}
