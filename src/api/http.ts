// The HTTP server: one route per line of the resources, the checks before each in the contract's order, documentation. Rim file.
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type ConnectionError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Address, addressText, bug, errorText, Fault, isRefusal, isSid, type Refusal } from '../base/index.ts';
import { type Caller, callerOf, readToken } from './access.ts';
import type { Answer, ApiRequest, Route } from './define.ts';
import { readForm, unstorable } from './form.ts';
import { bodyBytes, closeMs, maxHttpConnections, requestMs } from './limits.ts';
import { documentation, routeDocumentation } from './openapi.ts';
import { bad, notFound, problemOf, RefusedError } from './problem.ts';
import { resources } from './resources/index.ts';
import { compile } from './schema.ts';
import type { ApiPorts } from './types.ts';

export interface Api {
  /** Resolves with the address listened on. Rejects with Fault `http-listen`. */
  listen(at: Address): Promise<Address>;
  /** A request without a network, for tests and rehearsals. */
  inject: FastifyInstance['inject'];
  /** Requests under way are finished (for a bounded time), then all connections are closed. */
  close(): Promise<void>;
}

/** Builds the API below /v1 and /api/v1, with /docs, /health and /metrics. */
export async function buildApi(ports: ApiPorts, limits = { connections: maxHttpConnections }): Promise<Api> {
  const app = await assemble(ports);
  app.server.maxConnections = limits.connections;
  return {
    listen: (at) => listen(app, at),
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    close: () => close(app, ports),
  };
}

/** The OpenAPI document as it is committed; it depends on nothing that the API is given. */
export async function openapiText(): Promise<string> {
  const app = await assemble({} as ApiPorts);
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  return text;
}

async function assemble(ports: ApiPorts): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytes,
    requestTimeout: requestMs,
    forceCloseConnections: 'idle',
    pluginTimeout: 0,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, error, ports),
    clientErrorHandler: refuseConnection,
    rewriteUrl: ({ url = '/' }) => (/^\/api\/v1(\/|\?|$)/i.test(url) ? url.slice('/api'.length) : url),
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: false },
  });
  // The checks run below, in the contract's order; here the schemas are documentation.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, error, ports));
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, notFound(), ports));
  readBodies(app);
  addHeaders(app);
  await app.register(swagger, documentation);
  await app.register(swaggerUi, { routePrefix: '/docs' });
  await app.register(
    async (v1) => {
      for (const resource of resources) for (const route of resource.routes) addRoute(v1, route, resource.name, ports);
    },
    { prefix: '/v1' },
  );
  addOpenRoutes(app, ports);
  await app.ready();
  return app;
}

/** Bodies that are absent or empty are an empty object: many clients send a JSON content type with everything. */
function readBodies(app: FastifyInstance): void {
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (String(body).trim() === '') done(null, {});
    else void json(request, String(body), done);
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    const form = readForm(String(body));
    if (isRefusal(form)) done(new RefusedError(form));
    else done(null, form);
  });
}

/** rest-platform.md section 4: any page may call the API with a key; nothing is kept in caches. */
function addHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('access-control-allow-origin', '*');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    if (!/^\/docs(\/|$)/i.test(request.url)) reply.header('cache-control', 'no-store');
    if (request.method !== 'OPTIONS') return;
    reply.header('access-control-allow-methods', 'GET,HEAD,PUT,PATCH,POST,DELETE');
    const wanted = request.headers['access-control-request-headers'];
    if (wanted !== undefined)
      reply.header('access-control-allow-headers', wanted).header('vary', 'access-control-request-headers');
    return reply.code(204).send();
  });
}

/** Health and figures need no key: they tell nothing about a tenant. */
function addOpenRoutes(app: FastifyInstance, ports: ApiPorts): void {
  const hidden = { schema: { hide: true } };
  app.get('/', hidden, (_request, reply) => reply.type('text/plain').send('OK'));
  app.get('/health', hidden, async (_request, reply) => {
    await ports.records.ping();
    return reply.type('text/plain').send('OK');
  });
  app.get('/metrics', hidden, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await ports.metrics()),
  );
  app.get('/swagger', hidden, (_request, reply) => reply.redirect('/docs', 302));
}

function addRoute(app: FastifyInstance, route: Route, tag: string, ports: ApiPorts): void {
  const bodyCheck = route.body && compile(route.body);
  const queryCheck = route.query && compile({ type: 'object', properties: route.query }, true);
  const read = async (request: FastifyRequest, caller: Caller): Promise<ApiRequest | Refusal> => {
    const params = readParams(request.params as Record<string, string>);
    if (isRefusal(params)) return params;
    const query = { ...(request.query as Record<string, string | undefined>) };
    const refusal = unstorable(params) ?? unstorable(query) ?? (await route.access({ caller, params, query, ports }));
    if (refusal) return refusal;
    const body = bodyOf(request);
    const wrong = queryCheck?.(query) ?? (bodyCheck && (unstorable(body) ?? bodyCheck(body)));
    return wrong ?? { caller, params, query, body: body as Record<string, unknown>, ports };
  };
  app.route({
    method: route.method,
    url: route.path,
    schema: routeDocumentation(route, tag),
    handler: async (request, reply) => {
      const caller = await authenticate(request, reply, ports);
      if (!caller) return reply;
      const checked = await read(request, caller);
      const answer = isRefusal(checked) ? checked : await route.handle(checked);
      return isRefusal(answer) ? sendProblem(reply, answer, ports) : sendAnswer(reply, answer);
    },
  });
}

/** Answers 400 or 401 itself (rest-platform.md 2.1). */
async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  ports: ApiPorts,
): Promise<Caller | undefined> {
  const { records, clock, log } = ports;
  const read = readToken({
    authorization: request.headers.authorization,
    inQuery: (request.query as { access_token?: unknown }).access_token,
    inBody: (request.body as { access_token?: unknown } | null | undefined)?.access_token,
  });
  const caller = 'token' in read ? await callerOf(read.token, records, clock, log) : undefined;
  if (caller) return caller;
  if ('status' in read && read.status === 400) {
    await reply.code(400).type('text/plain').send('Bad Request');
  } else {
    const challenge = 'token' in read ? 'Bearer realm="Users", error="invalid_token"' : 'Bearer realm="Users"';
    await reply.code(401).header('www-authenticate', challenge).type('text/plain').send('Unauthorized');
  }
  return undefined;
}

function readParams(given: Record<string, string>): Record<string, string> | Refusal {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name.endsWith('_sid') && !isSid(value)) return bad('Bad request', name);
    params[name] = name.endsWith('_sid') ? value.toLowerCase() : value;
  }
  return params;
}

/** Without the token, which has done its work. */
function bodyOf({ body }: FastifyRequest): unknown {
  if (body === undefined || body === null) return {};
  if (typeof body === 'object' && 'access_token' in body) delete body.access_token;
  return body;
}

function sendAnswer(reply: FastifyReply, { status, body, text, audio }: Answer): FastifyReply {
  reply.code(status);
  if (audio) return reply.type(audio.type).header('content-length', audio.bytes).send(Readable.from(audio.read()));
  if (text !== undefined) return reply.type('text/plain').send(text);
  if (body === undefined) return reply.send();
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function sendProblem(reply: FastifyReply, error: unknown, { log }: ApiPorts): FastifyReply {
  const { status, body } = problemOf(error, log);
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** What is no HTTP has no request to answer: one line to the socket, which is closed. */
function refuseConnection(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, msg] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'the headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request did not come in time']
        : ['400 Bad Request', 'the request is no HTTP'];
  const body = JSON.stringify({ msg, code: 'bad-request' });
  const head = ['Content-Type: application/json; charset=utf-8', `Content-Length: ${body.length}`, 'Connection: close'];
  socket.end([`HTTP/1.1 ${status}`, ...head, '', body].join('\r\n'), () => socket.destroy());
}

async function listen(app: FastifyInstance, { host, port }: Address): Promise<Address> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = (cause as { code?: string }).code === 'EADDRINUSE' ? 'another program listens there' : errorText(cause);
    throw new Fault('http-listen', `HTTP cannot listen on ${addressText({ host, port })}: ${why}`, { cause });
  }
  const at = app.server.address();
  if (at === null || typeof at === 'string') return bug('a server that listens has an address');
  return { host: at.address, port: at.port };
}

async function close(app: FastifyInstance, { clock }: ApiPorts): Promise<void> {
  const impatience = clock.after(closeMs, () => app.server.closeAllConnections());
  await app.close();
  impatience.cancel();
}
