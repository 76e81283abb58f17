// As much of a web framework as the client libraries' examples use, so that they run as they are written: routes, a body, middleware.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Request {
  body: Record<string, unknown>;
  headers: Record<string, unknown>;
  get(name: string): string | undefined;
}

export interface Response {
  status(code: number): Response;
  json(value: unknown): void;
  sendStatus(code: number): void;
}

export type Handler = (request: Request, response: Response) => void;
type Middleware = (request: Request, response: Response, next: (error?: unknown) => void) => void;

export interface WebApp {
  readonly server: Server;
  readonly origin: string;
  use(middleware: Middleware): void;
  post(path: string, handler: Handler): void;
  close(): Promise<void>;
}

/** A server on a free port of loopback. */
export async function express(): Promise<WebApp> {
  const routes = new Map<string, Handler>();
  const middlewares: Middleware[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: Request = {
      body: JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>,
      headers: incoming.headers,
      get: (name) => incoming.headers[name.toLowerCase()] as string | undefined,
    };
    const response: Response = {
      status(code) {
        outgoing.statusCode = code;
        return response;
      },
      json(value) {
        outgoing.setHeader('content-type', 'application/json');
        outgoing.end(JSON.stringify(value));
      },
      sendStatus: (code) => void outgoing.writeHead(code).end(),
    };
    const route = routes.get(new URL(incoming.url ?? '/', 'http://app').pathname);
    const run = (i: number, error?: unknown): void => {
      if (error) return response.sendStatus(500);
      const middleware = middlewares[i];
      if (middleware) return middleware(request, response, (failed) => run(i + 1, failed));
      if (route) route(request, response);
      else response.sendStatus(404);
    };
    run(0);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  return {
    server,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: (middleware) => void middlewares.push(middleware),
    post: (path, handler) => void routes.set(path, handler),
    async close() {
      server.close();
      // WebSockets are no connections of the server's any more.
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
