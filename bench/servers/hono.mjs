/** Hono on its server for Node: `/`, `POST /echo`, and the files of FOLDER below `/files/`. */
import { relative } from 'node:path'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { content, headers, listening } from './reply.mjs'

const app = new Hono()
app.get('/', (context) => context.body(content, 200, headers()))
app.post('/echo', async (context) =>
  context.body(await context.req.arrayBuffer(), 200, { ...headers(), 'Content-Type': 'application/octet-stream' }),
)
const root = relative(process.cwd(), process.env.FOLDER)
app.get('/files/*', serveStatic({ root, rewriteRequestPath: (path) => path.slice('/files'.length) }))
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => listening(port))
server.keepAliveTimeout = 600_000
