/** `npm start`: installs and builds if necessary, and runs the server with the given flags. */
import { serve } from './serve.mjs'
import { setUp } from './set-up.mjs'

if (setUp()) serve(process.argv.slice(2))
else process.exitCode = 1
