// Addresses of the web as both twins of the network read them.
import { Fault } from './errors.ts';

/** An http or https address, or a Fault. */
export function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Fault('http-failed', 'not an http or https address', { detail: { url: text } });
}

/** A ws or wss address; http and https mean the same, as in redirects. */
export function wsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:') url.protocol = 'ws:';
  if (url?.protocol === 'https:') url.protocol = 'wss:';
  if (url?.protocol === 'ws:' || url?.protocol === 'wss:') return url;
  throw new Fault('http-failed', 'not a ws or wss address', { detail: { url: text } });
}

/** Scheme, host and path only: a query or a user name may hold a secret. */
export function withoutSecrets(text: string): string {
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}
