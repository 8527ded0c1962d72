import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export const NGINX = 'nginx'

/** Debian installs it in a folder that only root has in PATH. */
const PROGRAM = [NGINX, '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v']).error === undefined)

export const isAvailable = PROGRAM !== undefined

/**
 * nginx with one process and without a log. It serves a response like Portico's at `/`, a file at `/file`, and the
 * files of a folder below `/files/`.
 *
 * @param work a folder for its configuration and its own files
 * @param reply the response and the cipher suite, as `probe` returns them
 * @param credentials the certificate for HTTPS; `null` for HTTP
 * @returns a promise of a server to start
 */
export async function nginx({ placement, work, credentials = null, reply, file = null, folder = null }) {
  const port = await freePort()
  const configuration = join(work, `nginx-${port}.conf`)
  writeFileSync(configuration, configurationOf({ work, port, credentials, reply, file, folder }))
  const args = ['-c', configuration, '-e', 'stderr']
  const scheme = credentials === null ? 'http' : 'https'
  return { name: NGINX, placement, program: PROGRAM, args, env: {}, url: `${scheme}://127.0.0.1:${port}` }
}

function configurationOf({ work, port, credentials, reply, file, folder }) {
  const type = reply.fields.find(([name]) => name === 'Content-Type')[1]
  const tls = credentials === null ? '' : tlsOf(credentials, reply)
  return `daemon off;
master_process off;
pid ${work}/nginx-${port}.pid;
error_log stderr error;
events { worker_connections 12000; }
worker_rlimit_nofile 16000;
http {
  client_body_temp_path ${work}/body;
  proxy_temp_path ${work}/proxy;
  fastcgi_temp_path ${work}/fastcgi;
  uwsgi_temp_path ${work}/uwsgi;
  scgi_temp_path ${work}/scgi;
  access_log off;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600 600;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096${credentials === null ? '' : ' ssl'};
${tls}    location = / {
      default_type '${type}';
      add_header X-Request-Id $connection-$connection_requests;
      return 200 ${JSON.stringify(reply.content)};
    }
${file === null ? '' : `    location = /file { alias ${file}; }\n`}${folder === null ? '' : `    location /files/ { alias ${folder}/; }\n`}  }
}
`
}

function tlsOf({ certFile, keyFile }, reply) {
  return `    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_conf_command Ciphersuites ${reply.tls.suite};
    ssl_certificate ${certFile};
    ssl_certificate_key ${keyFile};
`
}

/** Finds a port that is free now. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
