/** What a server runs that is compared: the program itself, and its end when who compares is gone. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
await import('../../main.js')
