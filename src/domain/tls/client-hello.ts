/**
 * Reads the server name from the first octets of a TLS client (RFC 8446 §4.1.2, RFC 6066 §3). The name is needed before
 * the TLS connection exists, since it determines the connection's certificate, key and sessions. A malformed hello is
 * not refused here, since TLS itself will refuse it.
 */
import { TLS_HANDSHAKE } from './wrong-scheme.js'

const CLIENT_HELLO = 1
const SERVER_NAME = 0
const HOST_NAME = 0
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
const VERSION_AND_RANDOM = 34
/** Longest record in octets, including the overhead of encryption (RFC 8446 §5.2). */
const MAX_RECORD = 16_384 + 256
/** Longest hello in octets that is read; real ones with post-quantum keys have one or two thousand. */
const MAX_HELLO = 16_384

/** The hello is not complete yet. */
export const HELLO_INCOMPLETE = Symbol('hello incomplete')

/** Reads a client hello as it arrives; each octet is read once. */
export class HelloReader {
  private readonly header: number[] = []
  /** The handshake message, which may span several records (RFC 8446 §5.1). */
  private readonly message: number[] = []
  private leftInRecord = 0
  /** Octets of the message with its header; infinite until the header was read. */
  private wanted = Infinity

  /**
   * Reads further octets.
   *
   * @param octets the octets after those of the last call
   * @returns the requested name in lower case; `null` when there is none, or when this is not a client hello
   */
  read(octets: Uint8Array): string | null | typeof HELLO_INCOMPLETE {
    for (const octet of octets) {
      if (!(this.leftInRecord === 0 ? this.takeHeader(octet) : this.takeMessage(octet))) return null
      if (this.message.length === this.wanted) return nameOf(Uint8Array.from(this.message.slice(MESSAGE_HEADER)))
    }
    return HELLO_INCOMPLETE
  }

  private takeHeader(octet: number): boolean {
    this.header.push(octet)
    return this.header.length < RECORD_HEADER || this.beginRecord()
  }

  private beginRecord(): boolean {
    const [type, , , high, low] = this.header.splice(0) as [number, number, number, number, number]
    this.leftInRecord = high * 256 + low
    return type === TLS_HANDSHAKE && this.leftInRecord > 0 && this.leftInRecord <= MAX_RECORD
  }

  private takeMessage(octet: number): boolean {
    this.leftInRecord--
    return this.message.push(octet) !== MESSAGE_HEADER || this.beginMessage()
  }

  private beginMessage(): boolean {
    const [type, high, middle, low] = this.message as [number, number, number, number]
    const length = (high * 256 + middle) * 256 + low
    this.wanted = MESSAGE_HEADER + length
    return type === CLIENT_HELLO && length <= MAX_HELLO
  }
}

function nameOf(hello: Uint8Array): string | null {
  const extensions = extensionsOf(new Cursor(hello))
  return extensions === null ? null : nameIn(extensions)
}

/** The extensions of a hello (RFC 8446 §4.1.2). */
function extensionsOf(hello: Cursor): Cursor | null {
  hello.skip(VERSION_AND_RANDOM)
  hello.vector(1) // legacy_session_id
  hello.vector(2) // cipher_suites
  hello.vector(1) // legacy_compression_methods
  return hello.vector(2)
}

/** The host name among the extensions (RFC 6066 §3). */
function nameIn(extensions: Cursor): string | null {
  while (extensions.hasMore) {
    const type = extensions.number(2)
    const data = extensions.vector(2)
    if (type === SERVER_NAME && data !== null) return hostNameIn(data.vector(2))
  }
  return null
}

function hostNameIn(names: Cursor | null): string | null {
  while (names?.hasMore) {
    const type = names.number(1)
    const name = names.vector(2)
    if (type === HOST_NAME && name !== null) return name.hostName()
  }
  return null
}

/** Reads numbers and vectors (RFC 8446 §3.3, §3.4). After the end, numbers read as 0 and vectors as null. */
class Cursor {
  private at = 0

  constructor(private readonly octets: Uint8Array) {}

  get hasMore(): boolean {
    return this.at < this.octets.length
  }

  skip(octets: number): void {
    this.at += octets
  }

  /** Reads a number of `size` octets, the most significant first. */
  number(size: number): number {
    let value = 0
    for (let end = this.at + size; this.at < end; this.at++) value = value * 256 + (this.octets[this.at] ?? 0)
    return value
  }

  /** Reads a vector: a length of `lengthSize` octets, then the contents; `null` when octets are missing. */
  vector(lengthSize: number): Cursor | null {
    const length = this.number(lengthSize)
    const from = this.at
    this.at += length
    return this.at <= this.octets.length ? new Cursor(this.octets.subarray(from, this.at)) : null
  }

  hostName(): string | null {
    const text = String.fromCharCode(...this.octets)
    return /^[\w.-]{1,255}$/.test(text) ? text.toLowerCase() : null
  }
}
