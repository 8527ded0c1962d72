import { listMembers } from '../octets/grammar.js'
import type { ContentCoding } from './content-coding.js'

/** An entity tag as written in fields: `"opaque"`, or `W/"opaque"` for a weak one (RFC 9110 §8.8.3). */
export type EntityTag = string

/** The value of `If-Match` or `If-None-Match`: any tag (`*`), or a list of tags. */
export type EntityTagList = '*' | readonly EntityTag[]

/** The facts that distinguish one state of a file from another; times in milliseconds, with a fraction. */
export interface FileState {
  readonly size: number
  readonly modifiedMs: number
  readonly changedMs: number
  readonly inode: number
}

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/**
 * Makes the strong entity tag of a file. A write, a replacement or a touch changes it, even if the file's date is set
 * back. It does not change for a second write that keeps the size, within one tick of the file system's clock (a few
 * milliseconds). Copies of a file on two machines have different tags, which can cost a transfer but never mixes
 * content.
 *
 * @param coding the content coding of the file: representations in different codings need different tags (§8.8.3.3)
 */
export function entityTagOf(file: FileState, coding: ContentCoding = 'identity'): EntityTag {
  const facts = [file.inode, file.size, microseconds(file.modifiedMs), microseconds(file.changedMs)]
  const suffix = coding === 'identity' ? '' : `-${coding}`
  return `"${facts.map((fact) => fact.toString(36)).join('-')}${suffix}"`
}

/**
 * Reads the value of `If-Match` or `If-None-Match`. Commas and backslashes inside a tag have no special meaning.
 *
 * @returns an empty list, which matches nothing, if any part of the value is malformed: then `If-Match` fails, and
 *   `If-None-Match` is true, so that a GET receives the whole representation
 */
export function parseEntityTags(text: string): EntityTagList {
  if (text === '*') return '*'
  const tags = listMembers(text, false)
  return tags.every((tag) => ENTITY_TAG.test(tag)) ? tags : []
}

/** Strong comparison, for `If-Match` and `If-Range`: both tags are strong and equal (RFC 9110 §8.8.3.2). */
export function matchesStrongly(a: EntityTag, b: EntityTag): boolean {
  return a === b && !isWeak(a)
}

/** Weak comparison, for `If-None-Match`: the tags are equal, weak or not (RFC 9110 §8.8.3.2). */
export function matchesWeakly(a: EntityTag, b: EntityTag): boolean {
  return opaquePart(a) === opaquePart(b)
}

function isWeak(tag: EntityTag): boolean {
  return tag.startsWith('W/')
}

function opaquePart(tag: EntityTag): string {
  return isWeak(tag) ? tag.slice(2) : tag
}

/** Whole microseconds: a double has no more precision for a present-day time. */
function microseconds(ms: number): number {
  return Math.round(ms * 1000)
}
