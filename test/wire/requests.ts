/** Requests as octets, for the tests. */

/** A request head with the host `a`, which every tested server accepts. */
export const request = (requestLine: string, ...fields: string[]): string =>
  [`${requestLine} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n')

/** A GET request. */
export const get = (target: string, ...fields: string[]): string => request(`GET ${target}`, ...fields)

/** A POST request whose content is latin1. */
export const post = (target: string, content: string, ...fields: string[]): string =>
  request(`POST ${target}`, `Content-Length: ${content.length}`, ...fields) + content
