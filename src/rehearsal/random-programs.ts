// The customer's applications of a rehearsal, over webhook and over WebSocket: they answer at random, and break at random.
import { type Random, randomInt } from '../base/index.ts';
import type { SimHttpServer, SimWsPeer, SimWsServer } from '../base/sim/index.ts';
import type { Application } from '../store/index.ts';
import { type Json, type Props, randomAnswer, randomApplication, randomAside } from './random-json.ts';
import { randomMessage } from './random-updates.ts';
import { appOrigin, type Stage } from './stage.ts';

const socketUrl = 'ws://app.example/ws';
/** Where calls' audio is streamed to. */
export const audioUrl = 'ws://audio.example/listen';
/** Hooks whose verbs run beside the call's program. */
const asides = new Set(['/wait', '/enter', '/held', '/confirm']);

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

export async function openPrograms(stage: Stage, props: Props): Promise<RandomPrograms> {
  const { random } = stage;
  const statuses = new Map<string, string[]>();
  const note = (body: Json): void => {
    // News of a recording goes the same way.
    if (body.call_status === undefined) return;
    const list = statuses.get(String(body.call_sid)) ?? [];
    list.push(String(body.call_status));
    statuses.set(String(body.call_sid), list);
  };
  const http = serveHooks(stage, props, note);
  const ws = serveSocket(stage, props, note);
  const audio = serveAudio(stage);
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
    stir() {
      const dice = random.next();
      if (dice < 0.4) stirHooks(random, http);
      else if (dice < 0.8) stirSocket(props, ws);
      else stirAudio(random, audio);
    },
    heal() {
      http.state = 'up';
      http.latencyMs = 1;
      ws.state = 'up';
      ws.stalled = false;
      audio.state = 'up';
    },
  };
}

function serveHooks(stage: Stage, props: Props, note: (body: Json) => void): SimHttpServer {
  return stage.net.serveHttp(appOrigin, (request) => {
    const body = request.method === 'POST' ? (request.json() as Json) : {};
    if (request.path === '/status') {
      note(body);
      return {};
    }
    const answer = answerTo(props, request.path);
    if (answer === undefined) return {};
    return { body: JSON.stringify(answer), headers: { 'content-type': 'application/json' } };
  });
}

function answerTo(props: Props, path: string): unknown {
  if (asides.has(path)) return randomAside(props);
  return path === '/' || path === '/next' ? randomApplication(props) : randomAnswer(props);
}

/** A server that takes audio, and sometimes has something to say. */
const serveAudio = (stage: Stage): SimWsServer =>
  stage.net.serveWs(audioUrl, () => {}, { protocols: ['audio.drachtio.org'] });

function stirAudio(random: Random, audio: SimWsServer): void {
  const peers = [...audio.connections];
  const peer = peers[randomInt(random, Math.max(1, peers.length))];
  const content = Buffer.alloc(1_600, 3).toString('base64');
  const dice = randomInt(random, 8);
  if (dice === 0) peer?.kill();
  else if (dice === 1) peer?.close(1000, 'done');
  else if (dice === 2) peer?.send(JSON.stringify({ type: 'disconnect' }));
  else if (dice === 3) audio.state = audio.state === 'up' ? 'refusing' : 'up';
  else if (dice === 4) peer?.send(JSON.stringify({ type: 'killAudio' }));
  else if (dice === 5) peer?.send('{"type":');
  else if (dice === 6) peer?.send(new Uint8Array(641));
  else {
    const data = { audioContent: content, audioContentType: 'raw', sampleRate: 8_000, id: 'p', queuePlay: true };
    peer?.send(JSON.stringify({ type: 'playAudio', data }));
  }
}

function serveSocket(stage: Stage, props: Props, note: (body: Json) => void): SimWsServer {
  const { random } = stage;
  const answer = (peer: SimWsPeer, message: Json): void => {
    if (message.type === 'call:status') note(message.data as Json);
    if (message.type === 'call:status' || message.type === 'verb:status' || message.type === 'jambonz:error') return;
    const hook = String(message.hook ?? '');
    const data =
      message.type === 'session:new' ? randomApplication(props) : answerTo(props, asides.has(hook) ? hook : '/action');
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

function stirSocket(props: Props, ws: SimWsServer): void {
  const { random } = props;
  const peers = [...ws.connections];
  const peer = peers[randomInt(random, Math.max(1, peers.length))];
  const dice = randomInt(random, 12);
  if (dice === 0) peer?.kill();
  else if (dice === 1) peer?.sendGarbage();
  else if (dice === 2) peer?.close(1011, 'restarts');
  else if (dice === 3) peer?.close(1000, 'done');
  else if (dice === 4) ws.stalled = !ws.stalled;
  else if (dice === 5) ws.state = ws.state === 'up' ? (['refusing', 503, 404] as const)[randomInt(random, 3)]! : 'up';
  else peer?.send(randomMessage(props));
}
