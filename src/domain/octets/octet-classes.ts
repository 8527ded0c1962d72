/** Octet classes as 256-entry tables: one look-up per octet and no allocation (RFC 9110 §5.6, RFC 9112 §3, §5). */

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a

const classOf = (holds: (octet: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, octet) => (holds(octet) ? 1 : 0))

const among = (characters: string) => (octet: number) => characters.includes(String.fromCharCode(octet))

const isAlphaNumeric = (octet: number): boolean => /^[0-9A-Za-z]$/.test(String.fromCharCode(octet))

/** `tchar` of RFC 9110 §5.6.2. */
export const IS_TOKEN = classOf((octet) => isAlphaNumeric(octet) || among("!#$%&'*+-.^_`|~")(octet))

/**
 * The octets of a target: visible ASCII except `# " < > \`, which no URI contains and which programs interpret
 * differently. Raw `{ } | ^` and the backtick are allowed, since browsers send them.
 */
export const IS_TARGET = classOf((octet) => octet > 0x20 && octet < 0x7f && !among('#"<>\\')(octet))

/** The octets of a field value: HTAB, SP, visible ASCII and obs-text (RFC 9110 §5.5). */
export const IS_FIELD_VALUE = classOf((octet) => octet === HTAB || (octet >= 0x20 && octet !== 0x7f))

/** Maps ASCII capitals to lower case, and every other octet to itself. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
)

/** Maps a hexadecimal digit to its value, and any other octet to 255. */
export const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, octet) => {
  const text = String.fromCharCode(octet)
  return /^[0-9A-Fa-f]$/.test(text) ? Number.parseInt(text, 16) : 255
})
