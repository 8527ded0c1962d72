/** The main program of a compared server: the program itself, which ends when the comparing process is gone. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
await import('../../main.js')
