// A customer's webhook application on a real HTTP server: replies by path, and everything it was sent.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

export type Json = Record<string, unknown>;

/** Verbs, any other JSON, a file, a status, or nothing (200 without a body). */
export type HookReply = unknown[] | Json | File | undefined;

/** What a GET is given. */
export class File {
  readonly type: string;
  readonly bytes: Uint8Array;
  constructor(type: string, bytes: Uint8Array) {
    this.type = type;
    this.bytes = bytes;
  }
}

export interface Sent {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Json;
}

export interface Hooks {
  readonly origin: string;
  /** Everything it was sent, in order. */
  readonly sent: Sent[];
  readonly replies: Record<string, HookReply | ((body: Json) => HookReply | Promise<HookReply>)>;
  /** Bodies sent to one path, of one call when that is given. */
  sentTo(path: string, callSid?: string): Json[];
  /** Statuses in the order they came. */
  statuses(callSid?: string): string[];
  /** Waits for the `n`-th body sent to a path. */
  wait(path: string, n?: number): Promise<Json>;
  /** Waits for a final status, then a while longer, so that a second one would be seen. */
  final(callSid?: string): Promise<Json>;
  close(): Promise<void>;
}

const finals = ['completed', 'busy', 'no-answer', 'failed'];
/** A second final status would come within this time: hooks to one address go out in order, without delay. */
const afterFinalMs = 250;

export async function openHooks(replies: Hooks['replies']): Promise<Hooks> {
  const sent: Sent[] = [];
  const server: Server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://hooks').pathname;
    const body = await bodyOf(request);
    sent.push({ method: request.method ?? '', path, headers: request.headers, body });
    const given = hooks.replies[path];
    const reply = typeof given === 'function' ? await given(body) : given;
    if (reply instanceof File) response.writeHead(200, { 'content-type': reply.type }).end(reply.bytes);
    else if (reply === undefined) response.writeHead(200).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sentTo = (path: string, callSid?: string): Json[] =>
    sent
      .filter((one) => one.path === path && (callSid ?? one.body.call_sid) === one.body.call_sid)
      .map((one) => one.body);
  const finalOf = (callSid?: string): Json | undefined =>
    sentTo('/status', callSid).find((body) => finals.includes(String(body.call_status)));
  const hooks: Hooks = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    replies,
    sentTo,
    statuses: (callSid) => sentTo('/status', callSid).map((body) => String(body.call_status)),
    wait: (path, n = 1) => until(() => sentTo(path)[n - 1], { what: () => `${n} hooks at ${path}, got ${paths()}` }),
    async final(callSid) {
      const found = await until(() => finalOf(callSid), { what: () => `a final status, got ${paths()}` });
      await new Promise((resolve) => setTimeout(resolve, afterFinalMs));
      return found;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  const paths = (): string =>
    sent
      .slice(-20)
      .map(({ path, body }) => `${path} ${body.call_status ?? ''}`)
      .join(', ') || 'nothing';
  return hooks;
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === ''
    ? Object.fromEntries(new URL(request.url ?? '/', 'http://hooks').searchParams)
    : (JSON.parse(text) as Json);
}
