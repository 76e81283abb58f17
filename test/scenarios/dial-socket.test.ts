// dial with an application on a socket: the order of its messages, commands to either leg, and the socket of a leg on its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimWsPeer } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { assertHears, type Callee, calledHz, callerHz, openCallee, sing } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';
import { type Message, type SocketScene, socketScene } from '../kit/socket-scene.ts';

const tone = (hz: number): Json => ({ verb: 'play', url: toneUrl(hz) });

interface Talking {
  s: SocketScene;
  bob: Callee;
  /** What came on the leg's own socket. */
  own: Message[];
  ownSocket(): SimWsPeer | undefined;
  caller: string;
  leg: string;
}

async function talking(dial: Json = {}): Promise<Talking> {
  const s = await socketScene([{ verb: 'answer' }]);
  const own: Message[] = [];
  let socket: SimWsPeer | undefined;
  s.stage.net.serveWs(
    'ws://app.example/ws/adulting',
    (connection) => {
      socket = connection;
      connection.onMessage = (data: string | Uint8Array) => {
        const message = JSON.parse(String(data)) as Message;
        own.push(message);
        if (message.type === 'session:adulting') connection.send(JSON.stringify({ type: 'ack', msgid: message.msgid }));
      };
    },
    { protocols: ['ws.jambonz.org'] },
  );
  sing(s.call, callerHz);
  const bob = await openCallee(s, {});
  s.command('redirect', [
    { verb: 'dial', id: 'd1', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done', ...dial },
  ]);
  await s.stage.clock.runFor(1_000);
  const caller = s.stage.events[0]?.callSid ?? '';
  const leg = s.stage.events.find((e) => e.callSid !== caller)?.callSid ?? '';
  return { s, bob, own, ownSocket: () => socket, caller, leg };
}

const hangup = (s: { stage: SocketScene['stage'] }, call: PhoneCall) => s.stage.clock.settle(call.hangup());

test("the leg's statuses arrive on the caller's socket; the action hook carries the verb's id", async () => {
  const { s, bob, leg } = await talking();
  assertHears(s, s.call, { [calledHz]: 'loud' });
  await hangup(s, bob.call());
  await s.stage.clock.runFor(500);
  const statuses = s.of('call:status').filter((m) => m.data.call_sid === leg);
  assert.deepEqual(
    statuses.map((m) => m.data.call_status),
    ['trying', 'ringing', 'in-progress', 'completed'],
  );
  const [hook] = s.of('verb:hook');
  assert.deepEqual([hook?.hook, hook?.data.verb_id, hook?.data.dial_call_status], ['/done', 'd1', 'completed']);
  s.ack(hook, [tone(700)]);
  await s.stage.clock.runFor(500);
  assertHears(s, s.call, { 700: 'loud' });
  await hangup(s, s.call);
  await s.stage.clock.runFor(1_000);
  await s.end();
});

test('redirect with verbs for both legs: the leg gets a socket of its own, which says session:adulting first', async () => {
  const { s, bob, own, ownSocket, caller, leg } = await talking();
  s.command('redirect', { parent_call: [tone(700)], child_call: [tone(1_500)] });
  await s.stage.clock.runFor(800);
  assertHears(s, s.call, { 700: 'loud', [calledHz]: 'quiet' });
  assertHears(s, bob.call(), { 1500: 'loud', [callerHz]: 'quiet' });
  const [first] = own;
  assert.deepEqual(
    [first?.type, first?.data.call_sid, (first?.data.parent_call_info as Json | undefined)?.call_sid],
    ['session:adulting', leg, caller],
  );
  // Commands of its socket act on it, those of the other no longer.
  ownSocket()?.send(JSON.stringify({ type: 'command', command: 'redirect', data: [tone(1_900)] }));
  s.command('mute:status', 'mute', { callSid: leg });
  await s.stage.clock.runFor(800);
  assertHears(s, bob.call(), { 1900: 'loud', 1500: 'quiet' });
  assert.equal(s.stage.eventsOf(caller, 'command-refused').length, 1);
  await hangup(s, s.call);
  await s.stage.clock.runFor(500);
  assert.equal(bob.call().ended, undefined);
  await hangup(s, bob.call());
  await s.stage.clock.runFor(1_000);
  assert.deepEqual([own.at(-1)?.type, own.at(-1)?.data.call_status], ['call:status', 'completed']);
  await s.end();
});

test('redirect with verbs for the leg alone: the action hook decides what the caller hears', async () => {
  const { s, bob } = await talking();
  s.command('redirect', { child_call: [tone(1_500)] });
  await s.stage.clock.runFor(300);
  s.ack(s.of('verb:hook')[0], [tone(900)]);
  await s.stage.clock.runFor(600);
  assertHears(s, s.call, { 900: 'loud' });
  assertHears(s, bob.call(), { 1500: 'loud' });
  await hangup(s, s.call);
  await hangup(s, bob.call());
  await s.stage.clock.runFor(1_000);
  await s.end();
});

test('redirect with hooks for both: both are asked over the socket, each with the facts of its own leg', async () => {
  const { s, bob, caller, leg } = await talking();
  s.command('redirect', { call_hook: '/parent', child_call_hook: '/child' });
  await s.stage.clock.runFor(100);
  const asked = s.of('session:redirect');
  assert.deepEqual(
    asked.map((m) => [m.hook, m.data.call_sid]),
    [
      ['/parent', caller],
      ['/child', leg],
    ],
  );
  s.ack(asked[0], [tone(700)]);
  await s.stage.clock.runFor(300);
  assertHears(s, s.call, { [calledHz]: 'loud' }, 200);
  s.ack(asked[1], [tone(1_500)]);
  await s.stage.clock.runFor(600);
  assertHears(s, s.call, { 700: 'loud' });
  assertHears(s, bob.call(), { 1500: 'loud' });
  await hangup(s, s.call);
  await hangup(s, bob.call());
  await s.stage.clock.runFor(1_000);
  await s.end();
});

test("commands with the leg's call_sid act on the leg", async () => {
  const { s, bob, leg } = await talking();
  s.command('mute:status', { mute_status: 'mute' }, { callSid: leg });
  await s.stage.clock.runFor(600);
  assertHears(s, s.call, { [calledHz]: 'quiet' });
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  s.command('dtmf', { digit: '5' }, { callSid: leg });
  s.command('call:status', { call_status: 'completed' }, { callSid: leg });
  await s.stage.clock.runFor(1_000);
  assert.ok(bob.call().ended?.by === 'remote');
  assert.equal(s.of('verb:hook')[0]?.hook, '/done');
  await hangup(s, s.call);
  await s.stage.clock.runFor(1_000);
  await s.end();
});

test('a confirmHook goes over the socket as dial:confirm', async () => {
  const { s, bob, leg } = await talking({ confirmHook: '/confirm' });
  const [asked] = s.of('dial:confirm');
  assert.deepEqual([asked?.hook, asked?.data.call_sid], ['/confirm', leg]);
  assertHears(s, bob.call(), { [callerHz]: 'quiet' });
  s.ack(asked, []);
  await s.stage.clock.runFor(600);
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  await hangup(s, s.call);
  await s.stage.clock.runFor(1_000);
  await s.end();
});
