/**
 * Reads the memory that this process has in use, in octets.
 *
 * The platform opens a file for that. While no descriptor is left, what it was when it could last be read stands for it:
 * that is no time to fail, too.
 */
export function residentMemory(read: () => number = () => process.memoryUsage.rss()): () => number {
  let octets = 0
  return () => {
    try {
      octets = read()
    } catch {
      // As it was.
    }
    return octets
  }
}
