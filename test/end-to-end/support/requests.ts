/** A request head, to a host that any server here takes for its own. */
export const request = (requestLine: string, ...fields: string[]): string =>
  [`${requestLine} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n')

/** A request without content. */
export const get = (target: string, ...fields: string[]): string => request(`GET ${target}`, ...fields)
