// Audio from the web: redirects, size and time limits, validators, freshness (RFC 9111), credentials for the address's own origin only.
import { Fault, type HttpResponse, isFault } from '../../../base/index.ts';
import { fetchRedirects, fetchTimeoutMs, heuristicFreshMs, maxAudioBytes, maxFreshMs } from '../../limits.ts';
import type { AudioSource } from '../../types.ts';
import type { Prompt, PromptWorld } from '../prompts.ts';
import { decodeToClip } from './decode.ts';

export async function loadHttp(
  world: PromptWorld,
  source: Extract<AudioSource, { kind: 'url' }>,
  want: { sampleRate: number; old: Prompt | undefined },
): Promise<Prompt> {
  const { url, headers } = address(source);
  const validator = want.old?.validator;
  if (validator?.etag) headers['if-none-match'] = validator.etag;
  else if (validator?.lastModified) headers['if-modified-since'] = validator.lastModified;
  const response = await fetchAudio(world, url, headers);
  const freshUntil = freshness(response, world.clock.now());
  if (response.status === 304 && want.old) return { ...want.old, freshUntil: freshUntil || want.old.freshUntil };
  refuseStatus(response.status);
  const contentType = response.headers['content-type'] ?? '';
  const clip = await decodeToClip(world, { bytes: response.body, contentType, url: response.url }, want.sampleRate);
  const { etag, 'last-modified': lastModified } = response.headers;
  return { clip, freshUntil, validator: { ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) } };
}

/** The address without its user name and password, which go into a header that the client drops on a foreign redirect. */
function address(source: { url: string; username?: string; password?: string }): {
  url: string;
  headers: Record<string, string>;
} {
  let url: URL;
  let username: string;
  let password: string;
  try {
    url = new URL(source.url);
    username = source.username ?? decodeURIComponent(url.username);
    password = source.password ?? decodeURIComponent(url.password);
  } catch (cause) {
    throw new Fault('play-format', 'this is not a web address', { cause });
  }
  url.username = '';
  url.password = '';
  const headers: Record<string, string> = { accept: 'audio/*, */*;q=0.5' };
  if (username || password) headers.authorization = `Basic ${base64(`${username}:${password}`)}`;
  return { url: url.href, headers };
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

async function fetchAudio(world: PromptWorld, url: string, headers: Record<string, string>): Promise<HttpResponse> {
  try {
    return await world.network.http({
      method: 'GET',
      url,
      headers,
      timeoutMs: fetchTimeoutMs,
      maxBodyBytes: maxAudioBytes,
      maxRedirects: fetchRedirects,
    });
  } catch (error) {
    if (!isFault(error)) throw new Fault('http-failed', 'the audio could not be fetched', { cause: error });
    if (error.code !== 'http-too-large') throw error;
    throw new Fault('play-too-large', `the audio file has more than ${maxAudioBytes} bytes`, { cause: error });
  }
}

function refuseStatus(status: number): void {
  if (status >= 200 && status < 300) return;
  if (status === 404 || status === 410)
    throw new Fault('play-notfound', 'the audio file was not found', { detail: { status } });
  const retryable = status >= 500 || status === 429;
  throw new Fault('http-status', `the audio's server answered ${status}`, { retryable, detail: { status } });
}

/** Until when the response may be used without asking; at least now + 1, so that validators are kept; 0 for `no-store`. */
export function freshness(response: HttpResponse, now: number): number {
  const control = directives(response.headers['cache-control'] ?? '');
  if (control.has('no-store')) return 0;
  if (control.has('no-cache')) return now + 1;
  const age = 1000 * (Number(response.headers.age) || 0);
  const stated = Number(control.get('s-maxage') ?? control.get('max-age'));
  if (Number.isFinite(stated)) return now + within(1000 * stated - age);
  const expires = Date.parse(response.headers.expires ?? '');
  const date = Date.parse(response.headers.date ?? '');
  if (Number.isFinite(expires)) return now + within(expires - (Number.isFinite(date) ? date : now) - age);
  return now + heuristicFreshMs;
}

const within = (ms: number): number => Math.min(maxFreshMs, Math.max(1, ms));

function directives(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.toLowerCase().split(',')) {
    const [name, value] = part.split('=', 2);
    found.set(name!.trim(), (value ?? '').trim().replaceAll('"', ''));
  }
  return found;
}
