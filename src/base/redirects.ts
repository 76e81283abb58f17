// Redirects: where a 3xx answer leads, and what may be carried there (RFC 9110 15.4, WHATWG fetch 4.4). Both twins follow these.

import type { HttpRequest, HttpResponse } from './network.ts';

export interface Hop {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** Never sent to another origin: they are meant for the one that was named. */
const credentials = new Set(['authorization', 'cookie', 'proxy-authorization', 'host']);
const ofBody = new Set(['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location']);

/** The next request, or undefined when the answer is no redirect or leads nowhere. */
export function redirectOf(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || !location) return undefined;
  const from = new URL(hop.url);
  if (!URL.canParse(location, hop.url)) return undefined;
  const to = new URL(location, from);
  const toGet =
    (status === 303 && hop.method !== 'HEAD') || ((status === 301 || status === 302) && hop.method === 'POST');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hop.headers)) {
    const key = name.toLowerCase();
    if (from.origin !== to.origin && credentials.has(key)) continue;
    if (toGet && ofBody.has(key)) continue;
    headers[name] = value;
  }
  const next: Hop = { method: toGet ? 'GET' : hop.method, url: to.href, headers };
  if (!toGet && hop.body !== undefined) next.body = hop.body;
  return next;
}

/** Headers with `Basic` credentials from the URL's user name and password, unless the request brings its own. */
export function withUrlCredentials(url: URL, headers: Record<string, string>): Record<string, string> {
  if (!url.username && !url.password) return headers;
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) return headers;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { ...headers, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Runs `exchange` once, and again for each redirect the request allows. The last 3xx is returned as it is. */
export async function followRedirects(
  request: HttpRequest,
  exchange: (hop: Hop) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  let hop: Hop = { method: request.method, url: request.url, headers: request.headers ?? {} };
  if (request.body !== undefined) hop.body = request.body;
  for (let left = request.maxRedirects ?? 0; ; left--) {
    const response = await exchange(hop);
    const next = left > 0 ? redirectOf(hop, response.status, response.headers.location) : undefined;
    if (!next) return response;
    hop = next;
  }
}
