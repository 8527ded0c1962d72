import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export const NGINX = 'nginx'

/** Debian has it where only the administrator's shell finds it. */
const PROGRAM = [NGINX, '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v']).error === undefined)

export const isAvailable = PROGRAM !== undefined

/**
 * nginx as one process, without a log, that answers with a response like ours, and `/file` with a file.
 *
 * @param folder for its configuration and whatever it writes
 * @param reply the response, and the suite of TLS, as `probe` gives them
 * @returns a promise of a server to start
 */
export async function nginx({ placement, folder, credentials, reply, file }) {
  const port = await freePort()
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(configuration, configurationOf({ folder, port, credentials, reply, file }))
  const args = ['-c', configuration, '-e', 'stderr']
  return { name: NGINX, placement, program: PROGRAM, args, env: {}, url: `https://127.0.0.1:${port}` }
}

function configurationOf({ folder, port, credentials: { certFile, keyFile }, reply, file }) {
  const type = reply.fields.find(([name]) => name === 'Content-Type')[1]
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  access_log off;
  server_tokens off;
  keepalive_timeout 75 75;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_conf_command Ciphersuites ${reply.tls.suite};
    ssl_certificate ${certFile};
    ssl_certificate_key ${keyFile};
    location = / {
      default_type '${type}';
      add_header X-Request-Id $connection-$connection_requests;
      return 200 ${JSON.stringify(reply.content)};
    }
    location = /file { alias ${file}; }
  }
}
`
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
