/**
 * The methods of RFC 9110 §9 and RFC 5789 that apply to an origin server. CONNECT is not among them: it asks for a
 * tunnel, which only a proxy provides.
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
