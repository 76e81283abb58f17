// One hook over HTTP: request, signature, success rule, retries (app-interfaces.md 1.2 to 1.5).
import { type HttpResponse, sleep } from '../base/index.ts';
import { b3Of, type Conversation } from './context.ts';
import { alertOf, hookFault, statusFault, unawaited } from './faults.ts';
import { basicAuth, type ParsedHook, wireUrl } from './hook.ts';
import { parseJson } from './json.ts';
import { maxAnswerBytes, maxQueryUrlLength } from './limits.ts';
import { retryDelay, retryRule, wantsRetry } from './retry.ts';
import { sign, signatureHeader } from './signature.ts';
import { snakeCase } from './snake-case.ts';
import type { NoticeType, Payload, RequestType } from './types.ts';

export interface WebhookCall {
  type: RequestType | NoticeType;
  /** Absolute, its credentials those which may be sent to it. */
  hook: ParsedHook;
  payload: Payload;
  signal?: AbortSignal | undefined;
}

const successes = new Set([200, 202, 204]);

/** Resolves with the JSON of the answer, undefined when empty. Rejects with a Fault `hook-…`, or the signal's reason. */
export async function callWebhook(talk: Conversation, call: WebhookCall): Promise<unknown> {
  const rule = retryRule(call.hook.url, 0);
  const url = wireUrl(call.hook.url);
  const { sip: _, ...withoutSip } = call.payload;
  const payload = snakeCase(call.hook.method === 'GET' ? withoutSip : call.payload) as Payload;
  const text = JSON.stringify(payload);
  for (let attempt = 1; ; attempt++) {
    call.signal?.throwIfAborted();
    const started = talk.clock.now();
    talk.emit({ type: 'hook-sent', hook: call.type, url, attempt });
    try {
      const response = await send(talk, call, { url, text, payload });
      const answer = answerOf(response);
      report(talk, call, { url, started, response, answer });
      return answer;
    } catch (error) {
      const { aborted = false } = call.signal ?? {};
      const fault = aborted ? unawaited() : hookFault(error);
      const again = !aborted && attempt <= rule.count && wantsRetry(rule, fault);
      const retryInMs = again ? retryDelay(attempt) : undefined;
      const elapsedMs = talk.clock.now() - started;
      talk.emit({ type: 'hook-failed', hook: call.type, url, fault, elapsedMs, ...(retryInMs && { retryInMs }) });
      call.signal?.throwIfAborted();
      if (retryInMs === undefined) {
        talk.emit(alertOf(fault, url));
        throw fault;
      }
      await sleep(talk.clock, retryInMs, call.signal);
    }
  }
}

function send(
  talk: Conversation,
  call: WebhookCall,
  { url, text, payload }: { url: string; text: string; payload: Payload },
): Promise<HttpResponse> {
  const { settings } = talk;
  const post = call.hook.method !== 'GET';
  const b3 = b3Of(talk);
  return talk.network.http({
    method: post ? 'POST' : 'GET',
    url: post ? url : withQuery(url, payload),
    headers: {
      [signatureHeader]: sign(text, talk.webhookSecret, talk.clock.now()),
      ...(settings.userAgent && { 'user-agent': settings.userAgent }),
      ...(post && { 'content-type': 'application/json' }),
      ...(b3 && { b3 }),
      ...basicAuth(call.hook),
    },
    ...(post && { body: text }),
    timeoutMs: settings.httpTimeoutMs,
    maxBodyBytes: maxAnswerBytes,
    maxRedirects: 0,
    ...(call.signal && { signal: call.signal }),
  });
}

/** Adds the payload as query arguments, objects as JSON text. The address's own arguments win; what does not fit is left out. */
export function withQuery(url: string, payload: Payload): string {
  const parsed = new URL(url);
  const own = new Set(parsed.searchParams.keys());
  let text = parsed.href;
  let joint = parsed.search ? '&' : '?';
  for (const [name, value] of Object.entries(payload)) {
    if (value === undefined || value === null || own.has(name)) continue;
    const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
    const argument = joint + new URLSearchParams([[name, plain]]).toString();
    if (text.length + argument.length > maxQueryUrlLength) continue;
    text += argument;
    joint = '&';
  }
  return text;
}

/** JSON when the answer says it is JSON; everything else counts as empty (1.5). */
function answerOf(response: HttpResponse): unknown {
  if (!successes.has(response.status)) throw statusFault(response.status);
  if (!response.headers['content-type']?.toLowerCase().includes('application/json')) return undefined;
  const text = new TextDecoder().decode(response.body);
  return text.trim() === '' ? undefined : parseJson(text);
}

/** An answer that was meant to be read, and is not (1.5). What statuses are answered is never read. */
function unreadOf({ type }: WebhookCall, { headers, body }: HttpResponse, answer: unknown): { unread?: string } {
  if (type === 'call:status' || Array.isArray(answer)) return {};
  if (answer !== undefined) return { unread: 'it is no array of verbs' };
  const looksLikeJson = /^\s*[[{]/.test(new TextDecoder().decode(body.subarray(0, 64)));
  const contentType = headers['content-type']?.split(';')[0] || 'missing';
  return looksLikeJson ? { unread: `its content-type is ${contentType}, not application/json` } : {};
}

function report(
  talk: Conversation,
  call: WebhookCall,
  { url, started, response, answer }: { url: string; started: number; response: HttpResponse; answer: unknown },
): void {
  talk.emit({
    type: 'hook-answered',
    hook: call.type,
    url,
    status: response.status,
    elapsedMs: talk.clock.now() - started,
    verbs: Array.isArray(answer) ? answer.length : undefined,
    ...unreadOf(call, response, answer),
  });
}
