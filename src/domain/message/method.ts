/**
 * The methods of RFC 9110 §9 and RFC 5789 that an origin server can be asked for. CONNECT is left out: it asks for a
 * tunnel, which only a proxy gives.
 */
export const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PATCH',
])
