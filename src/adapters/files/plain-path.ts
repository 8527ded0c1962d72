/**
 * Whether a path may name something below a root: segments joined by single slashes, none of them empty or a dot file
 * (which covers `.` and `..`), without a backslash, which is a separator elsewhere.
 */
export function isPlainPath(path: string): boolean {
  return path.split('/').every((segment) => segment !== '' && !segment.startsWith('.') && !segment.includes('\\'))
}
