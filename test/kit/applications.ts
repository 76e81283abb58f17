// Scripted applications over HTTP and sockets, and conversations with them, on the virtual clock.

import {
  type AppCommand,
  type AppEvent,
  type AppSession,
  type AppSessionOptions,
  type AppsSettings,
  createApps,
} from '../../src/apps/index.ts';
import { Fault, type HttpRequest, type Network, silentLog } from '../../src/base/index.ts';
import { SimNet, type SimWsPeer, seededRandom, VirtualClock } from '../../src/base/sim/index.ts';

export interface Answer {
  status: number;
  contentType: string;
  body: string;
  afterMs?: number;
}

export const text = (body: string, status = 200, contentType = 'text/plain'): Answer => ({ status, contentType, body });
export const json = (value: unknown, status = 200): Answer => text(JSON.stringify(value), status, 'application/json');

/** A request as it left, with the time it did. */
export type Served = HttpRequest & { at: number };

export interface Talk {
  session: AppSession;
  events: AppEvent[];
  commands: AppCommand[];
  lost: string[];
  ended: string[];
}

/** `serve` answers every webhook; a text is the code of the Fault it fails with. Sockets go to the servers of `net`. */
export function stage(
  serve: (request: Served) => Answer | string = () => 'http-refused',
  settings: Partial<AppsSettings> = {},
) {
  const clock = new VirtualClock();
  const random = seededRandom('apps');
  const net = new SimNet({ clock, random });
  const host = net.host('192.0.2.1');
  const served: Served[] = [];
  const http: Network['http'] = (request) =>
    new Promise((resolve, reject) => {
      const seen = { ...request, at: clock.now() };
      served.push(seen);
      const answer = serve(seen);
      request.signal?.addEventListener('abort', () => reject(new Fault('http-aborted', 'aborted')));
      if (typeof answer === 'string') return reject(new Fault(answer, answer));
      const headers = { 'content-type': answer.contentType };
      const body = new TextEncoder().encode(answer.body);
      const response = { status: answer.status, headers, body, url: request.url };
      if (!answer.afterMs) return resolve(response);
      return clock.after(answer.afterMs, () => resolve(response));
    });
  const network = { http, ws: host.ws } as Network;
  const apps = createApps({ clock, random, network, log: silentLog, settings });
  const talk = (options: Partial<AppSessionOptions> = {}): Talk => {
    const session = apps.open({
      callSid: 'call-1',
      callHook: 'https://app.test/call',
      webhookSecret: 'wh_secret',
      outbound: false,
      ...options,
    });
    const events: AppEvent[] = [];
    const commands: AppCommand[] = [];
    const lost: string[] = [];
    const ended: string[] = [];
    session.onEvent = (event) => events.push(event);
    session.onCommand = (command) => commands.push(command);
    session.onLost = (reason) => lost.push(reason);
    session.onEnded = (reason) => ended.push(reason);
    return { session, events, commands, lost, ended };
  };
  return { clock, net, served, apps, talk };
}

export interface Message {
  type: string;
  msgid: string;
  call_sid?: string;
  hook?: string;
  data?: unknown;
  b3?: string;
  at: number;
}

/** A socket application at `url`: keeps what it gets, and answers as `reply` says. */
export function socketApp(
  { net, clock }: Pick<ReturnType<typeof stage>, 'net' | 'clock'>,
  url: string,
  reply: (message: Message, peer: SimWsPeer) => unknown = () => undefined,
) {
  const got: Message[] = [];
  const peers: SimWsPeer[] = [];
  const closes: [number, string][] = [];
  const server = net.serveWs(url, (peer) => {
    peers.push(peer);
    peer.onMessage = (data) => {
      const message: Message = { ...JSON.parse(String(data)), at: clock.now() };
      got.push(message);
      const data2 = reply(message, peer);
      if (data2 !== undefined) peer.send(JSON.stringify({ type: 'ack', msgid: message.msgid, data: data2 }));
    };
    peer.onClose = (code, reason) => closes.push([code, reason]);
  });
  server.latencyMs = 0;
  return {
    server,
    got,
    peers,
    closes,
    get peer(): SimWsPeer {
      return peers.at(-1)!;
    },
    send: (message: unknown) => peers.at(-1)!.send(typeof message === 'string' ? message : JSON.stringify(message)),
    types: () => got.map((message) => message.type),
  };
}

/** Acknowledges everything that wants it, the first message with a verb. */
export const politely = (message: Message): unknown => {
  if (['call:status', 'verb:status', 'jambonz:error'].includes(message.type)) return undefined;
  return message.type === 'session:new' ? [{ verb: 'pause', length: 1 }] : [];
};
