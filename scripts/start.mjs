/** `npm start`: sets up what is missing, then runs the server with the flags given. */
import { serve } from './serve.mjs'
import { setUp } from './set-up.mjs'

if (setUp()) serve(process.argv.slice(2))
else process.exitCode = 1
