import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './nginx.mjs'

const PROGRAM = 'h2o'

export const isAvailable = spawnSync(PROGRAM, ['--version']).error === undefined

/**
 * h2o with one thread and without a log. Without a script it can only serve files. Therefore `/` is a file with the
 * content of Portico's response; the files of a folder are below `/files/`.
 *
 * @param work a folder for its configuration and its own files
 * @returns a promise of a server to start
 */
export async function h2o({ placement, work, reply, folder }) {
  const port = await freePort()
  const root = join(work, 'h2o')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'index.html'), reply.content)
  const configuration = join(work, 'h2o.conf')
  writeFileSync(configuration, configurationOf({ port, root, folder }))
  const args = ['-c', configuration]
  return { name: 'h2o', placement, program: PROGRAM, args, env: {}, url: `http://127.0.0.1:${port}` }
}

function configurationOf({ port, root, folder }) {
  return `num-threads: 1
max-connections: 12000
http1-request-timeout: 600
http1-upgrade-to-http2: OFF
error-log: /dev/null
listen:
  host: 127.0.0.1
  port: ${port}
hosts:
  default:
    paths:
      "/files":
        file.dir: ${folder}
      "/":
        file.dir: ${root}
`
}
