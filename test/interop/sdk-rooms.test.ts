// Rooms as the client library's own examples use them, on the real program: supervision, audio forks, announcements, a queue with hold.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { JambonzClient } from '@jambonz/sdk/client';
import { WebhookResponse } from '@jambonz/sdk/webhook';
import { type AudioStream, createEndpoint } from '@jambonz/sdk/websocket';
import { express, type WebApp } from '../kit/express.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { sineDb } from '../kit/ua/g711.ts';
import { hears, hearsNot } from '../kit/ua/judge.ts';
import { Ua, type UaCall } from '../kit/ua/ua.ts';
import { until } from '../kit/until.ts';

type Json = Record<string, unknown>;

/** What callers sing, Hz. */
const [callerHz, agentHz, supervisorHz] = [400, 700, 1_000];
const tone = (hz: number): string => `tone_stream://v=-13;%(30000,0,${hz})`;

let program: Program;
let web: WebApp;
let client: JambonzClient;
const uas: Ua[] = [];
before(async () => {
  program = await startProgram();
  const { http: baseUrl, account_sid: accountSid, account_api_key: apiKey } = program.ready;
  client = new JambonzClient({ baseUrl, accountSid, apiKey });
});
after(async () => {
  for (const ua of uas) ua.close();
  await program.end();
});

/** The library takes a server as its own: each application has another. */
function ownServer(): void {
  before(async () => {
    web = await express();
  });
  after(() => web.close());
}

/** A phone that sings calls the application at this path. */
async function calls(path: string, hz: number, scheme: 'ws' | 'http' = 'ws'): Promise<UaCall> {
  const url = web.origin.replace('http', scheme) + path;
  const application = await program.application(
    { origin: url },
    { call_hook: { url, method: 'POST' }, call_status_hook: { url, method: 'POST' } },
  );
  const ua = await Ua.open('udp', program.sipPort);
  uas.push(ua);
  const call = await ua.call(`app-${application}`);
  assert.equal(call.finalStatus, 200, call.reason);
  call.rtp.sing(hz);
  return call;
}

const listen = (room: string, method: string, body?: Json) => {
  const { http, account_sid, account_api_key } = program.ready;
  return fetch(`${http}/v1/Accounts/${account_sid}/Conferences/${encodeURIComponent(room)}/listen`, {
    method,
    headers: { Authorization: `Bearer ${account_api_key}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
};

/** What an audio endpoint hears of each tone in the last 200 ms, dB. */
function ear(stream: AudioStream, sampleRate: number): (hz: number) => number {
  const samples: number[] = [];
  stream.on('audio', (pcm: Buffer) => {
    for (let i = 0; i + 1 < pcm.length; i += 2 * (sampleRate / 8_000)) samples.push(pcm.readInt16LE(i));
  });
  return (hz) => sineDb(Int16Array.from(samples.slice(-1_600)), hz);
}

/** Waits until an endpoint hears these tones and not those. */
const endpointHears = (levels: (hz: number) => number, there: number[], absent: number[] = []): Promise<unknown> =>
  until(() => there.every((hz) => levels(hz) > -30) && absent.every((hz) => levels(hz) < -45), {
    what: () => [...there, ...absent].map((hz) => `${hz} Hz ${levels(hz).toFixed(1)} dB`).join(', '),
  });

describe('conference-supervision', () => {
  ownServer();
  test('monitor, coach, barge in, and a fork that never hears private coaching', async () => {
    const makeService = createEndpoint({ server: web.server });
    const name = 'support-room';
    makeService({ path: '/caller' }).on('session:new', (session) => {
      session.answer().conference({ name, startConferenceOnEnter: true, endConferenceOnExit: false }).send();
    });
    makeService({ path: '/agent' }).on('session:new', (session) => {
      session.answer().conference({ name, memberTag: 'agent', startConferenceOnEnter: true }).send();
    });
    makeService({ path: '/supervisor' }).on('session:new', (session) => {
      session
        .answer()
        .conference({
          name,
          joinMuted: true,
          memberTag: 'supervisor',
          startConferenceOnEnter: false,
          endConferenceOnExit: false,
          actionHook: '/conf-done',
        })
        .send();
      session.on('/conf-done', () => session.hangup().reply());
    });
    const forks: AudioStream[] = [];
    makeService.audio({ path: '/fork' }).on('connection', (stream: AudioStream) => void forks.push(stream));

    const caller = await calls('/caller', callerHz);
    const agent = await calls('/agent', agentHz);
    const supervisor = await calls('/supervisor', supervisorHz);
    assert.deepEqual(await client.conferences.list(), [name]);
    const metadata = { room: name, sampleRate: 16_000 };
    const body = { url: `${web.origin.replace('http', 'ws')}/fork`, sampleRate: 16_000, metadata };
    assert.equal((await listen(name, 'POST', body)).status, 202);
    const fork = await until(() => forks[0], { what: 'the fork' });
    const forked = ear(fork, 16_000);
    await hears(supervisor, callerHz);
    await hears(supervisor, agentHz);
    await hears(caller, agentHz, [supervisorHz]);
    await endpointHears(forked, [callerHz, agentHz], [supervisorHz]);
    assert.deepEqual(fork.metadata, metadata);

    const { callSid } = supervisor;
    await client.calls.update(callSid, { conferenceParticipantAction: { action: 'coach', tag: 'agent' } });
    await client.calls.update(callSid, { conf_mute_status: 'unmute' });
    await hears(agent, supervisorHz);
    await hearsNot(caller, [supervisorHz]);
    await endpointHears(forked, [callerHz], [supervisorHz]);
    await client.calls.update(callSid, { conferenceParticipantAction: { action: 'uncoach' } });
    await hears(caller, supervisorHz);
    await endpointHears(forked, [supervisorHz]);
    await client.calls.update(callSid, { conf_mute_status: 'mute' });
    await hearsNot(caller, [supervisorHz]);
    await hears(caller, agentHz);

    assert.equal((await listen(name, 'DELETE')).status, 204);
    for (const call of [caller, agent, supervisor]) await call.bye();
    await until(async () => (await client.conferences.list()).length === 0, { what: 'the end of the room' });
  });
});

describe('room-with-stream, room-say and room-play-tone', () => {
  ownServer();
  test('the endpoint hears the room and is heard in it; announcements reach all and are told', async () => {
    const makeService = createEndpoint({ server: web.server });
    const streamUrl = `${web.origin.replace('http', 'ws')}/ear`;
    const events: Json[] = [];
    const ears: AudioStream[] = [];
    makeService.audio({ path: '/ear' }).on('connection', (stream: AudioStream) => void ears.push(stream));
    let inject: { injectSay(opts: Json): void; injectPlay(opts: Json): void } | undefined;
    makeService({ path: '/room-with-stream' }).on('session:new', (session) => {
      inject = session as unknown as typeof inject;
      session
        .on('/room-status', (event: Json) => void events.push(event))
        .on('/stream-event', () => {})
        .on('/room-done', () => session.reply());
      session
        .answer()
        .conference({
          name: 'demo-room',
          beep: true,
          actionHook: '/room-done',
          statusHook: '/room-status',
          statusEvents: ['start', 'end', 'join', 'leave', 'say-start', 'say-done', 'play-start', 'play-done'],
          stream: {
            url: streamUrl,
            sampleRate: 8_000,
            bidirectionalAudio: { enabled: true, streaming: true, sampleRate: 8_000 },
            actionHook: '/stream-event',
          },
        })
        .send();
    });
    const first = await calls('/room-with-stream', callerHz);
    const second = await calls('/room-with-stream', agentHz);
    const stream = await until(() => ears[0], { what: 'the stream' });
    await endpointHears(ear(stream, 8_000), [callerHz, agentHz]);
    assert.equal(ears.length, 1);
    const pcm = Buffer.alloc(32_000);
    for (let i = 0; i < 16_000; i++)
      pcm.writeInt16LE(Math.round(6_000 * Math.sin((2 * Math.PI * 1_300 * i) / 8_000)), 2 * i);
    (stream as unknown as { sendAudio(pcm: Buffer): void }).sendAudio(pcm);
    for (const call of [first, second]) await hears(call, 1_300);
    inject?.injectPlay({ url: 'tone://?freq=1600&duration=1500', id: 'tone' });
    for (const call of [first, second]) await hears(call, 1_600);
    await hearsNot(first, [1_600]);
    inject?.injectSay({ text: 'Welcome.', id: 'announcement' });
    const said = await until(() => events.find(({ event }) => event === 'say-done'), { what: 'say-done' });
    assert.deepEqual([said.id, said.reason, typeof said.say_id], ['announcement', 'completed', 'string']);
    for (const call of [first, second]) await call.bye();
    await until(() => events.some(({ event }) => event === 'end'), { what: 'the end' });
    const order = events.map(({ event }) => event).filter((event) => !/^(say|play)/.test(String(event)));
    assert.deepEqual(order, ['start', 'join', 'join', 'leave', 'leave', 'end']);
    for (const name of ['play-start', 'play-done', 'say-start'])
      assert.ok(
        events.some(({ event }) => event === name),
        name,
      );
  });
});

describe('queue-with-hold', () => {
  ownServer();
  test('a webhook application queues, holds and connects', async () => {
    const ends: Json[] = [];
    const reply = (path: string, write: (app: WebhookResponse, body: Json) => void): void =>
      web.post(path, ({ body }, response) => {
        const app = new WebhookResponse();
        write(app, body);
        response.status(200).json(app);
      });
    reply('/incoming', (app) => app.enqueue({ name: 'support', waitHook: '/hold-music', actionHook: '/queue-exit' }));
    reply('/hold-music', (app, { queue_position }) =>
      app.say({ text: `You are number ${Number(queue_position) + 1}.` }).play({ url: tone(1_900), loop: 1 }),
    );
    reply('/queue-exit', (app, body) => {
      ends.push(body);
      app.hangup();
    });
    reply('/agent-in', (app) =>
      app
        .dequeue({ name: 'support', timeout: 30, beep: true, actionHook: '/agent-call-end' })
        .say({ text: 'No callers are waiting in the queue. Goodbye.' })
        .hangup(),
    );
    reply('/agent-call-end', (app, body) => {
      ends.push(body);
      app.hangup();
    });
    const caller = await calls('/incoming', callerHz, 'http');
    await hears(caller, 1_900);
    assert.deepEqual(await client.queues.list('sup*'), [{ name: 'support', length: 1 }]);
    const agent = await calls('/agent-in', agentHz, 'http');
    await hears(agent, callerHz);
    await hears(caller, agentHz, [1_900]);
    assert.deepEqual(await client.queues.list(), []);
    await caller.bye();
    await until(() => agent.byed, { what: 'the end of the agent call' });
    await until(() => ends.length === 2, { what: 'both action hooks' });
    assert.deepEqual(ends.map(({ queue_result, dequeue_result }) => queue_result ?? dequeue_result).sort(), [
      'bridged',
      'complete',
    ]);
  });
});
