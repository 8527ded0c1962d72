import { isIPv6 } from 'node:net'
import { UNIX } from '../../../domain/message/authority.js'
import type { Endpoint } from '../../../ports/serving/transport.js'
import { LINUX } from './system-calls.js'

/** Octets of the longest kind, `sockaddr_un`. */
export const ADDRESS_OCTETS = 110

/** Where the path of a `sockaddr_un` begins; both processors are little-endian. */
const PATH = 2

/**
 * A `sockaddr` for an IP address.
 *
 * @param address as text: an IPv6 address may have a scope, by number
 */
export function ipAddress(address: string, port: number): Buffer {
  return isIPv6(address) ? ipv6Address(address, port) : ipv4Address(address, port)
}

/** A `sockaddr` for a unix socket. */
export function unixAddress(path: string): Buffer {
  const octets = Buffer.alloc(ADDRESS_OCTETS)
  octets.writeUInt16LE(LINUX.AF_UNIX, 0)
  octets.write(path, PATH)
  return octets
}

/**
 * What a `sockaddr` says.
 *
 * @param length octets of it that the kernel wrote
 */
export function endpointOf(address: Buffer, length: number): Endpoint {
  switch (address.readUInt16LE(0)) {
    case LINUX.AF_INET:
      return { address: ipv4Text(address, 4), port: address.readUInt16BE(2) }
    case LINUX.AF_INET6:
      return { address: ipv6Text(address), port: address.readUInt16BE(2) }
    default:
      return { address: UNIX + pathOf(address, length), port: 0 }
  }
}

/** An endpoint as connections keep it. Few are ever asked for it, so that the usual kind is not written out before. */
export type KeptEndpoint = Endpoint | number

/** Of IPv4: the address above the port. */
const PORTS = 0x10000

/** What a `sockaddr` says, kept. */
export function keptEndpoint(address: Buffer, length: number): KeptEndpoint {
  if (address.readUInt16LE(0) !== LINUX.AF_INET) return endpointOf(address, length)
  return address.readUInt32BE(4) * PORTS + address.readUInt16BE(2)
}

export function endpointKept(kept: KeptEndpoint): Endpoint {
  if (typeof kept !== 'number') return kept
  const ip = Math.floor(kept / PORTS)
  return { address: [ip >>> 24, (ip >>> 16) & 0xff, (ip >>> 8) & 0xff, ip & 0xff].join('.'), port: kept % PORTS }
}

function ipv4Address(address: string, port: number): Buffer {
  const octets = Buffer.alloc(16)
  octets.writeUInt16LE(LINUX.AF_INET, 0)
  octets.writeUInt16BE(port, 2)
  octets.set(address.split('.').map(Number), 4)
  return octets
}

function ipv6Address(address: string, port: number): Buffer {
  const octets = Buffer.alloc(28)
  octets.writeUInt16LE(LINUX.AF_INET6, 0)
  octets.writeUInt16BE(port, 2)
  const [ip, scope] = address.split('%')
  groupsOf(ip!).forEach((group, at) => octets.writeUInt16BE(group, 8 + 2 * at))
  octets.writeUInt32LE(Number(scope ?? 0), 24)
  return octets
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2). */
function groupsOf(ip: string): number[] {
  const hex = ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.map(Number) as [number, number, number, number]
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [before, behind] = hex.split('::').map((side) => (side === '' ? [] : side.split(':')))
  if (behind === undefined) return before!.map((group) => parseInt(group, 16))
  const zeros = Array.from({ length: 8 - before!.length - behind.length }, () => '0')
  return [...before!, ...zeros, ...behind].map((group) => parseInt(group, 16))
}

function ipv4Text(octets: Buffer, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`
}

/** In the form of RFC 5952: the longest run of two zero groups or more left out, an IPv4 address shown as one. */
function ipv6Text(address: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(8 + 2 * at))
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  const text = isMapped ? `::ffff:${ipv4Text(address, 20)}` : shortened(groups)
  const scope = address.readUInt32LE(24)
  return scope === 0 ? text : `${text}%${scope}`
}

function shortened(groups: readonly number[]): string {
  const text = `:${groups.map((group) => group.toString(16)).join(':')}:`
  const runs = [...text.matchAll(/:(?:0:){2,}/g)].map(([run]) => run)
  if (runs.length === 0) return text.slice(1, -1)
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best))
  const [before, behind] = [text.slice(0, text.indexOf(longest)), text.slice(text.indexOf(longest) + longest.length)]
  return `${before.slice(1)}::${behind.slice(0, -1)}`
}

/** A peer that did not bind its unix socket has no path. */
function pathOf(address: Buffer, length: number): string {
  const path = address.subarray(PATH, Math.max(PATH, length))
  const end = path.indexOf(0)
  return path.toString('utf8', 0, end < 0 ? path.length : end)
}
