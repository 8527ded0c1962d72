/** Fastify: `/`, `POST /echo`, and the files of FOLDER below `/files/`. */
import fastifyStatic from '@fastify/static'
import fastify from 'fastify'
import { content, headers, listening } from './reply.mjs'

const server = fastify({ keepAliveTimeout: 600_000 })
server.register(fastifyStatic, { root: process.env.FOLDER, prefix: '/files/' })
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_, octets, done) => done(null, octets))
server.get('/', (_, reply) => reply.headers(headers()).send(content))
server.post('/echo', (request, reply) =>
  reply.headers({ ...headers(), 'Content-Type': 'application/octet-stream' }).send(request.body),
)
await server.listen({ host: '127.0.0.1', port: 0 })
listening(server.server.address().port)
