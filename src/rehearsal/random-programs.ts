// The customer's applications of a rehearsal, over webhook and over WebSocket: they answer at random, and break at random.
import { type Random, randomInt } from '../base/index.ts';
import type { SimHttpServer, SimWsPeer, SimWsServer } from '../base/sim/index.ts';
import type { Application } from '../store/index.ts';
import { type Json, randomAnswer, randomApplication, randomMessage } from './random-json.ts';
import { appOrigin, type Stage } from './stage.ts';

const socketUrl = 'ws://app.example/ws';

export interface RandomPrograms {
  /** One behind a webhook, one behind a WebSocket. */
  readonly applications: Application[];
  /** call_status as each call's application was told, in order. */
  readonly statuses: Map<string, string[]>;
  /** Something happens to the servers, or they do something unasked. */
  stir(): void;
  /** All is well again. */
  heal(): void;
}

export async function openPrograms(stage: Stage): Promise<RandomPrograms> {
  const { random } = stage;
  const statuses = new Map<string, string[]>();
  const note = (body: Json): void => {
    const list = statuses.get(String(body.call_sid)) ?? [];
    list.push(String(body.call_status));
    statuses.set(String(body.call_sid), list);
  };
  const http = serveHooks(stage, note);
  const ws = serveSocket(stage, note);
  const hook = (path: string) => ({ url: appOrigin + path, method: 'POST', username: null, password: null });
  const applications = [
    await stage.application({ name: 'webhook', call_hook: hook('/'), call_status_hook: hook('/status') }),
    await stage.application({
      name: 'socket',
      call_hook: { url: socketUrl, method: 'GET', username: null, password: null },
    }),
  ];
  return {
    applications,
    statuses,
    stir: () => (random.next() < 0.4 ? stirHooks(random, http) : stirSocket(random, ws)),
    heal() {
      http.state = 'up';
      http.latencyMs = 1;
      ws.state = 'up';
      ws.stalled = false;
    },
  };
}

function serveHooks(stage: Stage, note: (body: Json) => void): SimHttpServer {
  const { random } = stage;
  return stage.net.serveHttp(appOrigin, (request) => {
    const body = request.method === 'POST' ? (request.json() as Json) : {};
    if (request.path === '/status') {
      note(body);
      return {};
    }
    const first = request.path === '/';
    const answer = first || request.path === '/next' ? randomApplication(random) : randomAnswer(random);
    if (answer === undefined) return {};
    return { body: JSON.stringify(answer), headers: { 'content-type': 'application/json' } };
  });
}

function serveSocket(stage: Stage, note: (body: Json) => void): SimWsServer {
  const { random } = stage;
  const answer = (peer: SimWsPeer, message: Json): void => {
    if (message.type === 'call:status') note(message.data as Json);
    if (message.type === 'call:status' || message.type === 'verb:status' || message.type === 'jambonz:error') return;
    const data = message.type === 'session:new' ? randomApplication(random) : randomAnswer(random);
    const text = JSON.stringify({ type: 'ack', msgid: message.msgid, ...(data !== undefined && { data }) });
    if (random.next() < 0.9) peer.send(text);
  };
  return stage.net.serveWs(
    socketUrl,
    (peer) => {
      peer.onMessage = (data) => answer(peer, JSON.parse(String(data)) as Json);
    },
    { protocols: ['ws.jambonz.org'] },
  );
}

function stirHooks(random: Random, http: SimHttpServer): void {
  const dice = randomInt(random, 6);
  http.state = (['refusing', 'hanging', 'garbage', 'resetting', 'up', 'up'] as const)[dice]!;
  http.latencyMs = dice === 5 ? 1_500 : 1;
}

function stirSocket(random: Random, ws: SimWsServer): void {
  const peers = [...ws.connections];
  const peer = peers[randomInt(random, Math.max(1, peers.length))];
  const dice = randomInt(random, 12);
  if (dice === 0) peer?.kill();
  else if (dice === 1) peer?.sendGarbage();
  else if (dice === 2) peer?.close(1011, 'restarts');
  else if (dice === 3) peer?.close(1000, 'done');
  else if (dice === 4) ws.stalled = !ws.stalled;
  else if (dice === 5) ws.state = ws.state === 'up' ? (['refusing', 503, 404] as const)[randomInt(random, 3)]! : 'up';
  else peer?.send(randomMessage(random));
}
