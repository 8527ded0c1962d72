/**
 * Tells whether a relative path is safe below a root. Its segments are joined by single slashes, and none is empty,
 * begins with a dot (which excludes `.` and `..`) or contains a backslash, which separates segments on Windows.
 */
export function isPlainPath(path: string): boolean {
  return path.split('/').every((segment) => segment !== '' && !segment.startsWith('.') && !segment.includes('\\'))
}
