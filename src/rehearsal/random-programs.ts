// The customer's applications of a rehearsal, over webhook and over WebSocket: they answer at random, and break at random.
import { newSid, type Random, randomInt } from '../base/index.ts';
import type { SimHttpServer, SimWsPeer, SimWsServer } from '../base/sim/index.ts';
import type { Application } from '../store/index.ts';
import { type Json, type Props, pick, randomAnswer, randomApplication, randomAside, tone } from './random-json.ts';
import { randomMessage } from './random-updates.ts';
import { appOrigin, type Stage } from './stage.ts';

const socketUrl = 'ws://app.example/ws';
/** Where calls' audio is streamed to. */
export const audioUrl = 'ws://audio.example/listen';
/** Hooks whose verbs run beside the call's program. */
const asides = new Set(['/wait', '/enter', '/held', '/confirm', '/whispered']);

export interface RandomPrograms {
  /** One behind a webhook, one behind a WebSocket. */
  readonly applications: Application[];
  /** call_status as each call's application was told, in order. */
  readonly statuses: Map<string, string[]>;
  /** Every verb that was answered, for counting. */
  readonly served: Json[];
  /** Something happens to the servers. */
  stir(): void;
  /** The socket application says something unasked. */
  command(): void;
  /** All is well again. */
  heal(): void;
}

export async function openPrograms(stage: Stage, props: Props): Promise<RandomPrograms> {
  const { random } = stage;
  const statuses = new Map<string, string[]>();
  const served: Json[] = [];
  const note = (body: Json): void => {
    // News of a recording goes the same way.
    if (body.call_status === undefined) return;
    const list = statuses.get(String(body.call_sid)) ?? [];
    list.push(String(body.call_status));
    statuses.set(String(body.call_sid), list);
  };
  const http = serveHooks(stage, props, { note, served });
  const ws = serveSocket(stage, props, { note, served });
  const audio = serveAudio(stage);
  const speech = await serveSpeech(stage);
  const hook = (path: string) => ({ url: appOrigin + path, method: 'POST', username: null, password: null });
  const voice = {
    speech_synthesis_vendor: 'custom:voice',
    speech_synthesis_voice: 'test',
    speech_synthesis_language: 'en-US',
  };
  const applications = [
    await stage.application({ name: 'webhook', ...voice, call_hook: hook('/'), call_status_hook: hook('/status') }),
    await stage.application({
      name: 'socket',
      ...voice,
      call_hook: { url: socketUrl, method: 'GET', username: null, password: null },
    }),
  ];
  return {
    applications,
    statuses,
    served,
    command: () => command(stage, props, ws),
    stir() {
      const dice = random.next();
      if (dice < 0.35) stirHooks(random, http);
      else if (dice < 0.7) stirSocket(random, ws);
      else if (dice < 0.85) stirAudio(random, audio);
      else stirSpeech(random, speech);
    },
    heal() {
      speech.voice.state = 'up';
      speech.ears.state = 'up';
      http.state = 'up';
      http.latencyMs = 1;
      ws.state = 'up';
      ws.stalled = false;
      audio.state = 'up';
    },
  };
}

/** Where what servers see and say is kept. */
interface Book {
  note(body: Json): void;
  served: Json[];
}

function serveHooks(stage: Stage, props: Props, { note, served }: Book): SimHttpServer {
  return stage.net.serveHttp(appOrigin, (request) => {
    const body = request.method === 'POST' ? (request.json() as Json) : {};
    if (request.path === '/status') {
      note(body);
      return {};
    }
    const answer = answerTo(props, request.path);
    if (answer === undefined) return {};
    if (Array.isArray(answer)) served.push(...(answer as Json[]));
    return { body: JSON.stringify(answer), headers: { 'content-type': 'application/json' } };
  });
}

function answerTo(props: Props, path: string): unknown {
  if (path === '/whispered') return [{ verb: 'play', url: tone(props.random, 400) }];
  if (asides.has(path)) return randomAside(props, path);
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

/** A voice over HTTP, and a recognizer over WebSocket that hears a sentence now and then. */
async function serveSpeech(stage: Stage): Promise<{ voice: SimHttpServer; ears: SimWsServer }> {
  const url = { voice: 'http://voice.example/tts', ears: 'ws://ears.example/stt' };
  const audio = new Uint8Array(2 * 8_000 * 0.8).map((_, i) => (i % 2 === 0 ? (i >> 3) % 16 : 0));
  const voice = stage.net.serveHttp(new URL(url.voice).origin, () => ({
    body: audio,
    headers: { 'content-type': 'audio/l16;rate=8000' },
  }));
  const final = { type: 'transcription', is_final: true, language: 'en-US' };
  const ears = stage.net.serveWs(url.ears, (peer) => {
    let frames = 0;
    peer.onMessage = (data) => {
      if (typeof data !== 'string' && ++frames % 100 === 0)
        peer.send(JSON.stringify({ ...final, alternatives: [{ transcript: 'yes please', confidence: 0.9 }] }));
    };
  });
  for (const [name, credential] of [
    ['voice', { custom_tts_url: url.voice }],
    ['ears', { custom_stt_url: url.ears }],
  ] as const)
    await stage.records.speechCredentials.insert({
      speech_credential_sid: newSid(stage.random),
      service_provider_sid: stage.account.service_provider_sid,
      account_sid: stage.account.account_sid,
      vendor: `custom:${name}`,
      label: null,
      use_for_tts: name === 'voice',
      use_for_stt: name === 'ears',
      credential,
      created_at: stage.account.created_at,
      last_used: null,
    });
  return { voice, ears };
}

function stirSpeech(random: Random, { voice, ears }: { voice: SimHttpServer; ears: SimWsServer }): void {
  const dice = randomInt(random, 4);
  if (dice < 2) voice.state = voice.state === 'up' ? pick(random, ['refusing', 'hanging']) : 'up';
  else if (dice === 2) ears.state = ears.state === 'up' ? 'refusing' : 'up';
  else for (const peer of ears.connections) peer.kill();
}

function serveSocket(stage: Stage, props: Props, { note, served }: Book): SimWsServer {
  const { random } = stage;
  const answer = (peer: SimWsPeer, message: Json): void => {
    if (message.type === 'call:status') note(message.data as Json);
    if (message.type === 'call:status' || message.type === 'verb:status' || message.type === 'jambonz:error') return;
    const hook = String(message.hook ?? '');
    const data =
      message.type === 'session:new' ? randomApplication(props) : answerTo(props, asides.has(hook) ? hook : '/action');
    if (Array.isArray(data)) served.push(...(data as Json[]));
    const text = JSON.stringify({ type: 'ack', msgid: message.msgid, ...(data !== undefined && { data }) });
    if (random.next() < 0.97) peer.send(text);
  };
  const serve = (url: string): SimWsServer =>
    stage.net.serveWs(
      url,
      (peer) => {
        peer.onMessage = (data) => {
          const message = JSON.parse(String(data)) as Json;
          if (typeof message.call_sid === 'string') callSids.set(peer, message.call_sid);
          answer(peer, message);
        };
      },
      { protocols: ['ws.jambonz.org'] },
    );
  // Where a leg's own conversation goes when it becomes a call of its own (app-interfaces.md 4).
  serve(`${socketUrl}/adulting`);
  return serve(socketUrl);
}

function stirHooks(random: Random, http: SimHttpServer): void {
  const dice = randomInt(random, 10);
  http.state = (['refusing', 'hanging', 'garbage', 'resetting'] as const)[dice] ?? 'up';
  http.latencyMs = dice === 5 ? 1_500 : 1;
}

function stirSocket(random: Random, ws: SimWsServer): void {
  const peers = [...ws.connections];
  const peer = peers[randomInt(random, Math.max(1, peers.length))];
  const dice = randomInt(random, 8);
  if (dice === 0) peer?.kill();
  else if (dice === 1) peer?.sendGarbage();
  else if (dice === 2) peer?.close(1011, 'restarts');
  else if (dice === 3) peer?.close(1000, 'done');
  else if (dice === 4) ws.stalled = true;
  else if (dice === 5) ws.state = pick(random, ['refusing', 503, 404]);
  else {
    ws.stalled = false;
    ws.state = 'up';
  }
}

/** To its own call, or to a leg that it dialled. */
function command({ random, house }: Stage, props: Props, ws: SimWsServer): void {
  const peers = [...ws.connections];
  const peer = peers[randomInt(random, Math.max(1, peers.length))];
  if (!peer) return;
  const own = house.directory.get(callSids.get(peer) ?? '');
  const child = own?.parts.get('dial')?.selected();
  const addressed = child !== undefined && random.next() < 0.5;
  peer.send(randomMessage(props, addressed ? child : own, addressed));
}

/** Whose socket it is, as its messages say. */
const callSids = new WeakMap<SimWsPeer, string>();
