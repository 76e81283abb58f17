// Applications as the client libraries' own pages write them, driving real calls on the real program, unchanged.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { JambonzClient } from '@jambonz/sdk/client';
import { WebhookResponse as SdkResponse } from '@jambonz/sdk/webhook';
import { createEndpoint as sdkEndpoint } from '@jambonz/sdk/websocket';
import { express, type Handler, type WebApp } from '../kit/express.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { rmsDb, sineDb } from '../kit/ua/g711.ts';
import { Ua, type UaCall } from '../kit/ua/ua.ts';
import { until } from '../kit/until.ts';

type Json = Record<string, unknown>;

/** What these applications use of a library. Its own types differ in details that do not matter here. */
interface Verbs<Self> {
  say(options: Json): Self;
  play(options: Json): Self;
  gather(options: Json): Self;
  pause(options: Json): Self;
  hangup(options?: Json): Self;
}
interface Response extends Verbs<Response> {}
interface Session extends Verbs<Session> {
  call_sid: string;
  on(event: string, listener: (event: Json) => void): Session;
  send(options?: Json): void;
  reply(): void;
  injectCommand(command: string, data: unknown): void;
}
interface Service {
  on(event: 'session:new', listener: (session: Session) => void): void;
}
type Signed = (request: object, response: object, next: () => void) => void;
type Endpoint = (options: { server: object; logger: object }) => (options: { path: string }) => Service;
interface OldClient {
  calls: {
    create(options: Json): Promise<string>;
    update(sid: string, options: Json): Promise<void>;
    list(): Promise<Json[]>;
    retrieve(sid: string): Promise<Json>;
  };
}

const require = createRequire(import.meta.url);
const { createEndpoint: oldEndpoint } = require('@jambonz/node-client-ws') as { createEndpoint: Endpoint };
const old = require('@jambonz/node-client') as {
  (accountSid: string, apiKey: string, options: { baseUrl: string }): OldClient;
  WebhookResponse: { new (): Response; verifyJambonzSignature(secret: string): Signed };
};
const quiet = { info() {}, error() {}, debug() {}, warn() {}, child: () => quiet };
const tone = (hz: number): Json => ({ url: `tone_stream://v=-13;%(30000,0,${hz})` });
const toneDb = -16.17;

let program: Program;
let ua: Ua;
let web: WebApp;

before(async () => {
  program = await startProgram();
  ua = await Ua.open('udp', program.sipPort);
});
after(async () => {
  ua.close();
  await program.end();
});

async function dial(callHook: string): Promise<UaCall> {
  const application = await program.application(
    { origin: callHook },
    {
      call_hook: { url: callHook, method: 'POST' },
      call_status_hook: { url: callHook.startsWith('ws') ? callHook : `${web.origin}/call-status`, method: 'POST' },
    },
  );
  const call = await ua.call(`app-${application}`);
  assert.equal(call.finalStatus, 200, call.reason);
  return call;
}

/** Waits until a tone is heard at its level over the last 300 ms. */
const hears = (call: UaCall, hz: number): Promise<unknown> =>
  until(() => Math.abs(sineDb(call.rtp.pcm(Math.max(0, call.rtp.received.length - 15)), hz) - toneDb) < 0.5, {
    what: `a tone of ${hz} Hz`,
  });

/** Waits for a second of speech. */
async function hearsSpeech(call: UaCall): Promise<void> {
  await until(() => call.rtp.voice().length > 50, { what: 'a second of audio' });
  assert.ok(rmsDb(call.rtp.pcm()) > -45, `${rmsDb(call.rtp.pcm())} dB`);
}

for (const { name, Response, verify } of [
  { name: '@jambonz/sdk', Response: SdkResponse, verify: SdkResponse.verifySignature },
  { name: '@jambonz/node-client', Response: old.WebhookResponse, verify: old.WebhookResponse.verifyJambonzSignature },
] as unknown as { name: string; Response: new () => Response; verify: (secret: string) => Signed }[]) {
  describe(`a webhook application of ${name}, which checks signatures`, () => {
    const statuses: unknown[] = [];
    before(async () => {
      web = await express();
      const secret = await program.api('GET', `/Accounts/${program.ready.account_sid}/WebhookSecret`);
      web.use(verify((secret.body as { webhook_secret: string }).webhook_secret));
      web.post(
        '/incoming',
        answer((app) =>
          app
            .say({ text: 'Hello! Welcome to our service.' })
            .gather({ input: ['digits'], actionHook: '/handle-input', numDigits: 2, timeout: 15, play: tone(440) })
            .hangup(),
        ),
      );
      web.post(
        '/handle-input',
        answer((app, { digits }) =>
          app.say({ text: `You pressed ${digits}. Goodbye.` }).hangup({ headers: { 'X-Digits': String(digits) } }),
        ),
      );
      web.post('/call-status', (request, response) => {
        statuses.push(request.body.call_status);
        response.sendStatus(200);
      });
    });
    after(() => web.close());

    const answer =
      (write: (app: Response, body: Json) => void): Handler =>
      (request, response) => {
        const app = new Response();
        write(app, request.body);
        response.status(200).json(app);
      };

    test('speaks, asks, hears the keys, answers and hangs up', async () => {
      const call = await dial(`${web.origin}/incoming`);
      await hearsSpeech(call);
      await hears(call, 440);
      call.rtp.press('42');
      await until(() => call.byed, { what: 'a BYE' });
      assert.match(call.byed!.text, /X-Digits: 42/i);
      await until(() => statuses.length >= 3, { what: 'three statuses' });
      assert.deepEqual(statuses, ['trying', 'in-progress', 'completed']);
    });
  });
}

// The one passes on objects only, the other checks for a plain value.
for (const [name, createEndpoint, boost] of [
  ['@jambonz/sdk', sdkEndpoint, { boostAudioSignal: -10 }],
  ['@jambonz/node-client-ws', oldEndpoint, '-10 dB'],
] as unknown as [string, Endpoint, unknown][]) {
  describe(`a socket application of ${name}`, () => {
    let service: Service;
    let session: Session;
    const seen: unknown[] = [];
    before(async () => {
      web = await express();
      service = createEndpoint({ server: web.server, logger: quiet })({ path: '/app' });
      service.on('session:new', (fresh) => {
        session = fresh;
        session
          .on('call:status', (event) => seen.push(event.call_status))
          .on('/digits', (event) => {
            seen.push(event.digits);
            session.say({ text: 'Thank you.' }).play(tone(660)).reply();
          });
        session.gather({ input: ['digits'], actionHook: '/digits', numDigits: 2, timeout: 20, play: tone(440) }).send();
      });
    });
    after(() => web.close());

    test('asks and answers, and changes its call while it lives', async () => {
      const call = await dial(`${web.origin.replace('http', 'ws')}/app`);
      await hears(call, 440);
      call.rtp.press('7#');
      await hears(call, 660);
      session.injectCommand('whisper', { verb: 'play', ...tone(880), url: 'tone_stream://v=-13;%(1500,0,880)' });
      await hears(call, 880);
      await hears(call, 660);
      session.injectCommand('mute:status', { mute_status: 'mute' });
      session.injectCommand('boostAudioSignal', boost);
      await until(() => Math.abs(sineDb(call.rtp.pcm(call.rtp.received.length - 15), 660) - toneDb + 10) < 0.5, {
        what: '10 dB less',
      });
      session.injectCommand('dtmf', { digit: '9', duration: 100 });
      await until(() => call.rtp.digits.includes('9'), { what: 'a digit' });
      session.play(tone(1004)).send();
      await until(() => sineDb(call.rtp.pcm(call.rtp.received.length - 15), 1004) > toneDb - 11, {
        what: 'the redirect',
      });
      session.hangup().send();
      await until(() => call.byed, { what: 'a BYE' });
      await until(() => seen.includes('completed'), { what: 'the final status' });
      assert.deepEqual(seen, ['trying', 'in-progress', '7#', 'completed']);
      assert.deepEqual(call.rtp.breaks(), []);
    });
  });
}

describe('REST clients', () => {
  before(async () => {
    web = await express();
    web.post('/app', (_, response) => response.json(new SdkResponse().play(tone(440) as { url: string })));
    web.post('/next', (_, response) => response.json(new SdkResponse().play(tone(660) as { url: string })));
    web.post('/call-status', (_, response) => response.sendStatus(200));
  });
  after(() => web.close());

  test('@jambonz/sdk lists, whispers, mutes, redirects and ends a live call', async () => {
    const { account_sid: accountSid, account_api_key: apiKey, http: baseUrl } = program.ready;
    const { calls } = new JambonzClient({ baseUrl, accountSid, apiKey });
    const call = await dial(`${web.origin}/app`);
    await hears(call, 440);
    assert.ok((await calls.list()).some((one) => one.call_sid === call.callSid));
    assert.equal((await calls.get(call.callSid)).call_status, 'in-progress');
    await calls.whisper(call.callSid, { verb: 'play', url: 'tone_stream://v=-13;%(1000,0,880)' });
    await hears(call, 880);
    await calls.mute(call.callSid, 'mute');
    await calls.mute(call.callSid, 'unmute');
    await calls.redirect(call.callSid, `${web.origin}/next`);
    await hears(call, 660);
    await calls.update(call.callSid, { call_status: 'completed' });
    await until(() => call.byed, { what: 'a BYE' });
  });

  test('@jambonz/node-client lists, updates and ends a live call', async () => {
    const { account_sid, account_api_key, http } = program.ready;
    const { calls } = old(account_sid, account_api_key, { baseUrl: http });
    const call = await dial(`${web.origin}/app`);
    await hears(call, 440);
    assert.ok((await calls.list()).some((one) => one.call_sid === call.callSid));
    assert.equal((await calls.retrieve(call.callSid)).call_status, 'in-progress');
    await calls.update(call.callSid, { whisper: { verb: 'play', url: 'tone_stream://v=-13;%(1000,0,880)' } });
    await hears(call, 880);
    await calls.update(call.callSid, { call_hook: `${web.origin}/next` });
    await hears(call, 660);
    await calls.update(call.callSid, { call_status: 'completed' });
    await until(() => call.byed, { what: 'a BYE' });
  });
});
