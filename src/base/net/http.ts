// HTTP over undici: one pool of kept connections per origin, limits on time and size, faults instead of library errors.
import { type Dispatcher, Pool } from 'undici';
import type { Clock, Timer } from '../clock.ts';
import { Fault } from '../errors.ts';
import {
  httpConnectionsPerOrigin,
  httpConnectMs,
  httpGatherBytes,
  httpHeaderLimitBytes,
  httpKeepAliveMs,
  httpOriginLimit,
} from '../limits.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../network.ts';
import { networkFault } from '../network-faults.ts';
import { followRedirects, type Hop, withUrlCredentials } from '../redirects.ts';
import { httpUrl, withoutSecrets } from '../urls.ts';

/** A client and the end of its pools. */
export function openHttp(clock: Clock): { http: HttpClient; close(): Promise<void> } {
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    // Deleted and set again: the map's order is the order of last use.
    if (known) pools.delete(origin);
    const pool = known ?? newPool(origin);
    pools.set(origin, pool);
    for (const [oldest, unused] of pools) {
      if (pools.size <= httpOriginLimit) break;
      pools.delete(oldest);
      // Requests under way on it still finish.
      unused.close().catch(() => {});
    }
    return pool;
  };
  return {
    http: (request) =>
      followRedirects(request, async (hop) => {
        const url = httpUrl(hop.url);
        return new Exchange(clock, request, hop).run(poolOf(url.origin), url);
      }),
    close: async () => {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  };
}

const newPool = (origin: string): Pool =>
  new Pool(origin, {
    connections: httpConnectionsPerOrigin,
    pipelining: 1,
    keepAliveTimeout: httpKeepAliveMs,
    connect: { timeout: httpConnectMs },
    maxHeaderSize: httpHeaderLimitBytes,
    headersTimeout: 0,
    bodyTimeout: 0,
  });

/** One request and its answer on one connection. */
class Exchange {
  readonly #clock: Clock;
  readonly #request: HttpRequest;
  readonly #hop: Hop;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: Timer | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Uint8Array[] = [];
  /** Where a large body of a known length is gathered as it comes. */
  #whole: Buffer | undefined;
  #size = 0;
  #over = false;
  #resolve: (response: HttpResponse) => void = () => {};
  #reject: (fault: Fault) => void = () => {};

  constructor(clock: Clock, request: HttpRequest, hop: Hop) {
    this.#clock = clock;
    this.#request = request;
    this.#hop = hop;
  }

  run(pool: Pool, url: URL): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const { signal } = this.#request;
      if (signal?.aborted) return this.#onAbort();
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      this.#limit('headers');
      try {
        pool.dispatch(this.#options(url), this.#handler());
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #options(url: URL): Dispatcher.DispatchOptions {
    return {
      origin: url.origin,
      path: url.pathname + url.search,
      method: this.#hop.method as Dispatcher.HttpMethod,
      headers: withUrlCredentials(url, this.#hop.headers),
      body: this.#hop.body ?? null,
    };
  }

  #handler(): Dispatcher.DispatchHandler {
    return {
      onRequestStart: (controller) => {
        this.#controller = controller;
        if (this.#over) controller.abort(new Error('no longer wanted'));
      },
      onResponseStart: (_controller, status, headers) => {
        // 1xx is not the answer yet.
        if (status < 200) return;
        this.#status = status;
        for (const [name, value] of Object.entries(headers)) {
          if (value !== undefined) this.#headers[name] = Array.isArray(value) ? value.join(', ') : value;
        }
        this.#limit('body');
        const length = Number(this.#headers['content-length']);
        if (this.#hop.method === 'HEAD') return;
        if (length > this.#request.maxBodyBytes) return this.#tooLarge();
        // The system gives the memory page by page, when it is written to.
        if (length > httpGatherBytes) this.#whole = Buffer.allocUnsafeSlow(length);
      },
      onResponseData: (_controller, chunk) => {
        const at = this.#size;
        this.#size += chunk.length;
        if (this.#size > this.#request.maxBodyBytes) return this.#tooLarge();
        if (this.#whole) this.#whole.set(chunk, at);
        else this.#chunks.push(chunk);
      },
      onResponseEnd: () => this.#done(),
      // A 304 may state the length of what it does not send (RFC 9110 8.6), which undici takes for a body cut short.
      onResponseError: (_controller, error) => (this.#status === 304 ? this.#done() : this.#fail(error)),
    };
  }

  #limit(phase: 'headers' | 'body'): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#request.timeoutMs, () => {
      const text = phase === 'headers' ? 'the server did not answer in time' : 'the answer did not arrive in time';
      this.#fail(
        new Fault('http-timeout', text, { retryable: true, detail: { phase, timeoutMs: this.#request.timeoutMs } }),
      );
    });
  }

  #tooLarge(): void {
    const limitBytes = this.#request.maxBodyBytes;
    this.#fail(
      new Fault('http-too-large', `the answer is larger than ${limitBytes} bytes`, { detail: { limitBytes } }),
    );
  }

  readonly #onAbort = (): void => {
    this.#fail(new Fault('http-aborted', 'the request was given up', { cause: this.#request.signal?.reason }));
  };

  #done(): void {
    if (!this.#end()) return;
    const gathered = this.#whole?.subarray(0, this.#size);
    const body = gathered ?? (this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks));
    this.#resolve({ status: this.#status, headers: this.#headers, body, url: this.#hop.url });
  }

  #fail(error: unknown): void {
    if (!this.#end()) return;
    this.#controller?.abort(error instanceof Error ? error : new Error('failed'));
    this.#reject(networkFault('http', error, { url: withoutSecrets(this.#hop.url) }));
  }

  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#timer?.cancel();
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
