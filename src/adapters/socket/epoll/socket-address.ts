import { isIPv6 } from 'node:net'
import { UNIX } from '../../../domain/message/authority.js'
import type { Endpoint } from '../../../ports/serving/transport.js'
import { LINUX } from './system-calls.js'

/** Size of the longest kind of address, `sockaddr_un`. */
export const ADDRESS_OCTETS = 110

/** Offset of the path in a `sockaddr_un`, after the family. */
const PATH = 2

/**
 * Makes the `sockaddr` of an IP address and a port.
 *
 * @param address as text; an IPv6 address may end with a numeric scope, such as `fe80::1%2`
 */
export function ipAddress(address: string, port: number): Buffer {
  return isIPv6(address) ? ipv6Address(address, port) : ipv4Address(address, port)
}

/** Makes the `sockaddr` of a unix socket. Both supported processors are little-endian, as the family is written here. */
export function unixAddress(path: string): Buffer {
  const octets = Buffer.alloc(ADDRESS_OCTETS)
  octets.writeUInt16LE(LINUX.AF_UNIX, 0)
  octets.write(path, PATH)
  return octets
}

/**
 * Reads a `sockaddr`.
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

/** An endpoint in the form that connections keep: an IPv4 address as a number, because few are ever asked for its text. */
export type KeptEndpoint = Endpoint | number

/** A kept IPv4 endpoint is its address times this, plus its port. */
const PORTS = 0x10000

/**
 * Reads a `sockaddr` into the form that connections keep.
 *
 * @param length octets of it that the kernel wrote
 */
export function keptEndpoint(address: Buffer, length: number): KeptEndpoint {
  if (address.readUInt16LE(0) !== LINUX.AF_INET) return endpointOf(address, length)
  return address.readUInt32BE(4) * PORTS + address.readUInt16BE(2)
}

/** Converts a kept endpoint to text. */
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
  const [before, after] = hex.split('::').map((side) => (side === '' ? [] : side.split(':')))
  if (after === undefined) return before!.map((group) => parseInt(group, 16))
  const zeros = Array.from({ length: 8 - before!.length - after.length }, () => '0')
  return [...before!, ...zeros, ...after].map((group) => parseInt(group, 16))
}

function ipv4Text(octets: Buffer, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`
}

/** In the form of RFC 5952 §4: without the longest run of two or more zero groups; a mapped IPv4 address in its own form. */
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
  const [before, after] = [text.slice(0, text.indexOf(longest)), text.slice(text.indexOf(longest) + longest.length)]
  return `${before.slice(1)}::${after.slice(0, -1)}`
}

/** The path up to its NUL; empty for a peer that did not bind its socket. */
function pathOf(address: Buffer, length: number): string {
  const path = address.subarray(PATH, Math.max(PATH, length))
  const end = path.indexOf(0)
  return path.toString('utf8', 0, end < 0 ? path.length : end)
}
