/** `npm start`: installs and bundles if necessary, and runs the server with the given flags. */
import { serve } from './serve.mjs'
import { setUpProgram } from './set-up.mjs'

if (setUpProgram()) serve(process.argv.slice(2))
else process.exitCode = 1
