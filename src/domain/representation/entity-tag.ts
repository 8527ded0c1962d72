import { listMembers } from '../octets/grammar.js'
import type { ContentCoding } from './content-coding.js'

/** An entity tag as it is written in fields: `"opaque"`, or `W/"opaque"` where it is weak (RFC 9110 §8.8.3). */
export type EntityTag = string

/** What `If-Match` and `If-None-Match` list: any tag at all, or these. */
export type EntityTagList = '*' | readonly EntityTag[]

/** The facts that tell one state of a file from another; times in milliseconds with a fraction. */
export interface FileState {
  readonly size: number
  readonly modifiedMs: number
  readonly changedMs: number
  readonly inode: number
}

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/**
 * The strong entity tag of a file. A write, a replacement or a touch gives another, even one that sets the file's date
 * back. Not told apart are two writes that keep the size, within one tick of the file system's clock: some milliseconds.
 * Copies of a file on two machines have different tags, which costs a transfer and never mixes up content.
 *
 * @param coding the content coding the file is in: representations in different codings need different tags (§8.8.3.3)
 */
export function entityTagOf(file: FileState, coding: ContentCoding = 'identity'): EntityTag {
  const facts = [file.inode, file.size, microseconds(file.modifiedMs), microseconds(file.changedMs)]
  const suffix = coding === 'identity' ? '' : `-${coding}`
  return `"${facts.map((fact) => fact.toString(36)).join('-')}${suffix}"`
}

/**
 * Reads the value of `If-Match` or `If-None-Match`. A tag may hold commas and backslashes, which mean nothing in it.
 *
 * @returns an empty list, which matches nothing, for a value that is malformed in any part: then `If-Match` fails, and
 *   `If-None-Match` holds, so that a read gets the whole representation
 */
export function parseEntityTags(text: string): EntityTagList {
  if (text === '*') return '*'
  const tags = listMembers(text, false)
  return tags.every((tag) => ENTITY_TAG.test(tag)) ? tags : []
}

/** Both are strong and the same: what `If-Match` and `If-Range` demand (RFC 9110 §8.8.3.2). */
export function matchesStrongly(a: EntityTag, b: EntityTag): boolean {
  return a === b && !isWeak(a)
}

/** The same but for weakness: what `If-None-Match` demands (RFC 9110 §8.8.3.2). */
export function matchesWeakly(a: EntityTag, b: EntityTag): boolean {
  return opaquePart(a) === opaquePart(b)
}

function isWeak(tag: EntityTag): boolean {
  return tag.startsWith('W/')
}

function opaquePart(tag: EntityTag): string {
  return isWeak(tag) ? tag.slice(2) : tag
}

/** Whole microseconds: all that a double can tell of a time of our day. */
function microseconds(ms: number): number {
  return Math.round(ms * 1000)
}
