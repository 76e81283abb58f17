// Simulated HTTP: servers are functions that can be slow, refuse, cut, hang or talk garbage at any moment.
import { isIP } from 'node:net';
import { errorText, Fault } from '../errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../network.ts';
import { networkFault } from '../network-faults.ts';
import { followRedirects, type Hop, withUrlCredentials } from '../redirects.ts';
import { httpUrl, withoutSecrets } from '../urls.ts';
import type { SimHost } from './host.ts';
import type { SimNet } from './sim-net.ts';

export interface SimHttpRequest {
  method: string;
  /** As asked for; `path` includes the query. */
  url: URL;
  path: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Uint8Array;
  text(): string;
  json(): unknown;
  /** Address of the host that asks. */
  from: string;
}

export interface SimHttpAnswer {
  /** 200 when absent. */
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: string | Uint8Array | object;
  /** Time between the headers and the end of the body. */
  bodyDelayMs?: number;
  /** The connection breaks after the headers. */
  cut?: boolean;
}

export type SimHttpHandler = (request: SimHttpRequest) => SimHttpAnswer | Promise<SimHttpAnswer>;

/** How a server behaves: answers, refuses connections, breaks them, never answers, or answers what is not HTTP. */
export type SimServerState = 'up' | 'refusing' | 'resetting' | 'hanging' | 'garbage';

export class SimHttpServer {
  readonly origin: string;
  state: SimServerState = 'up';
  /** From the request's departure to the handler's call. */
  latencyMs = 1;
  /** Requests that arrived. */
  requests = 0;
  readonly handle: SimHttpHandler;
  readonly #net: SimNet;

  constructor(net: SimNet, origin: string, handle: SimHttpHandler) {
    this.#net = net;
    this.origin = origin;
    this.handle = handle;
  }

  close(): void {
    if (this.#net.httpServers.get(this.origin) === this) this.#net.httpServers.delete(this.origin);
  }
}

export const connectSimHttp =
  (host: SimHost): HttpClient =>
  (request) =>
    followRedirects(request, (hop) => new SimExchange(host, request, hop).run());

/** Who stands at an origin: its server, or the fault that connecting there gives. */
export function whoAnswers<S>(net: SimNet, url: URL, servers: ReadonlyMap<string, S>, key: string): S | Fault {
  const server = servers.get(key);
  if (server) return server;
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const known = isIP(name) > 0 || name === 'localhost' || net.knowsName(name);
  return networkFault('http', { code: known ? 'ECONNREFUSED' : 'ENOTFOUND' }, { url: withoutSecrets(url.href) });
}

export const brokenBy: Partial<Record<SimServerState, string>> = {
  refusing: 'ECONNREFUSED',
  resetting: 'ECONNRESET',
  garbage: 'HPE_INVALID_CONSTANT',
};

class SimExchange {
  readonly #host: SimHost;
  readonly #request: HttpRequest;
  readonly #hop: Hop;
  #stop: (() => void)[] = [];
  #over = false;
  #resolve: (response: HttpResponse) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #limit: { cancel(): void } | undefined;

  constructor(host: SimHost, request: HttpRequest, hop: Hop) {
    this.#host = host;
    this.#request = request;
    this.#hop = hop;
  }

  run(): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const { signal } = this.#request;
      if (signal?.aborted) return this.#abort();
      const onAbort = (): void => this.#abort();
      const onClose = (): void => this.#fail(new Fault('http-failed', 'the client was closed'));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#host.clients.add(onClose);
      this.#stop = [() => signal?.removeEventListener('abort', onAbort), () => this.#host.clients.delete(onClose)];
      this.#expect('headers');
      try {
        this.#send(httpUrl(this.#hop.url));
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #send(url: URL): void {
    const { net } = this.#host;
    const server = whoAnswers(net, url, net.httpServers, url.origin);
    if (server instanceof Fault) {
      this.#later(1, () => this.#fail(server));
      return;
    }
    this.#later(server.latencyMs, () => {
      if (server.state === 'hanging') return;
      const code = brokenBy[server.state];
      if (code) return this.#fail(networkFault('http', { code }, { url: withoutSecrets(url.href) }));
      server.requests++;
      this.#answerOf(server, this.#arriving(url)).catch((error) => this.#fail(error));
    });
  }

  async #answerOf(server: SimHttpServer, request: SimHttpRequest): Promise<void> {
    let answer: SimHttpAnswer;
    try {
      answer = await server.handle(request);
    } catch (error) {
      answer = { status: 500, body: errorText(error) };
    }
    if (this.#over) return;
    if (server.state === 'hanging') return;
    const status = answer.status ?? 200;
    const body = bytesOf(answer.body);
    const type = typeof answer.body === 'object' && !(answer.body instanceof Uint8Array);
    const headers = lowerCase({ ...(type ? { 'content-type': 'application/json' } : {}), ...answer.headers });
    headers['content-length'] ??= String(body.length);
    this.#expect('body');
    if (body.length > this.#request.maxBodyBytes) {
      const limitBytes = this.#request.maxBodyBytes;
      const detail = { limitBytes };
      return this.#fail(new Fault('http-too-large', `the answer is larger than ${limitBytes} bytes`, { detail }));
    }
    this.#later(answer.bodyDelayMs ?? 0, () => {
      if (answer.cut) return this.#fail(networkFault('http', { code: 'UND_ERR_SOCKET' }));
      if (this.#end()) this.#resolve({ status, headers, body, url: this.#hop.url });
    });
  }

  #arriving(url: URL): SimHttpRequest {
    const body = bytesOf(this.#hop.body);
    const headers = lowerCase({ host: url.host, ...withUrlCredentials(url, this.#hop.headers) });
    if (this.#hop.body !== undefined) headers['content-length'] = String(body.length);
    const text = (): string => Buffer.from(body).toString('utf8');
    return {
      method: this.#hop.method,
      url,
      path: url.pathname + url.search,
      headers,
      body,
      text,
      json: () => JSON.parse(text()),
      from: this.#host.ip,
    };
  }

  #later(ms: number, fn: () => void): void {
    const timer = this.#host.net.clock.after(ms, () => {
      if (!this.#over) fn();
    });
    this.#stop.push(() => timer.cancel());
  }

  #expect(phase: 'headers' | 'body'): void {
    this.#limit?.cancel();
    const { timeoutMs } = this.#request;
    this.#limit = this.#host.net.clock.after(timeoutMs, () => {
      const text = phase === 'headers' ? 'the server did not answer in time' : 'the answer did not arrive in time';
      this.#fail(new Fault('http-timeout', text, { retryable: true, detail: { phase, timeoutMs } }));
    });
  }

  #abort(): void {
    this.#fail(new Fault('http-aborted', 'the request was given up', { cause: this.#request.signal?.reason }));
  }

  #fail(error: unknown): void {
    if (this.#end()) this.#reject(error);
  }

  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#limit?.cancel();
    for (const stop of this.#stop) stop();
    return true;
  }
}

function bytesOf(body: string | Uint8Array | object | undefined): Uint8Array {
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.from(body instanceof Uint8Array ? body : JSON.stringify(body));
}

export function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
