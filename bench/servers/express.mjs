/** Express: `/`, `POST /echo`, and the files of FOLDER below `/files/`. */
import express from 'express'
import { content, headers, listening } from './reply.mjs'

const app = express()
app.disable('x-powered-by').disable('etag')
app.get('/', (_, response) => response.set(headers()).send(content))
app.post('/echo', express.raw({ type: () => true }), (request, response) =>
  response.set({ ...headers(), 'Content-Type': 'application/octet-stream' }).send(request.body),
)
app.use('/files', express.static(process.env.FOLDER))
const server = app.listen(0, '127.0.0.1', () => listening(server.address().port))
server.keepAliveTimeout = 600_000
