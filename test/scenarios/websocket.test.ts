// A WebSocket application on the virtual clock: session, hooks, commands, loss of the socket.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import { toneUrl } from '../kit/scene.ts';
import { type SocketScene, socketScene } from '../kit/socket-scene.ts';

const hasEnded = (s: SocketScene): boolean => s.call.ended !== undefined;
const hears = (s: SocketScene, hz: number) =>
  toneLevelDbov(s.call.audio.between(s.stage.clock.now() - 400, s.stage.clock.now()), hz, 8_000) > -25;

test('verbs come with the ack; statuses, hooks and commands go over the one socket; it waits when verbs are exhausted', async () => {
  const s = await socketScene([
    { verb: 'config', notifyEvents: true },
    { verb: 'play', id: 'first', url: toneUrl(440, 1_000), actionHook: '/played' },
  ]);
  await s.stage.clock.runFor(1_500);
  const [hook] = s.of('verb:hook');
  assert.deepEqual([hook?.hook, hook?.data.reason, hook?.data.verb_id], ['/played', 'playCompleted', 'first']);
  s.ack(hook);
  await s.stage.clock.runFor(2_000);
  assert.ok(!hasEnded(s), 'a socket application keeps its call');
  s.command('redirect', [{ verb: 'play', url: toneUrl(660) }]);
  await s.stage.clock.runFor(1_000);
  assert.ok(hears(s, 660));
  s.command('whisper', { whisper: { verb: 'play', url: toneUrl(880, 700) } });
  await s.stage.clock.runFor(600);
  assert.ok(hears(s, 880));
  s.command('tag', { a: 1 });
  s.command('dtmf', { digit: '7' });
  s.command('boostAudioSignal', '-6 dB');
  await s.stage.clock.runFor(2_000);
  assert.deepEqual(s.call.audio.digits, ['7']);
  s.command('call:status', { call_status: 'completed' });
  await s.stage.clock.runFor(500);
  assert.equal(s.call.ended?.by, 'remote');
  assert.deepEqual(
    s.of('call:status').map((m) => m.data.call_status),
    ['trying', 'in-progress', 'completed'],
  );
  assert.deepEqual(s.of('call:status').at(-1)?.data.customerData, { a: 1 });
  const events = s.of('verb:status').map((m) => `${m.data.event} ${m.data.verb ?? m.data.name}`);
  assert.ok(
    events.includes('start-playback play') && events.includes('starting play') && events.includes('finished play'),
    events.join('; '),
  );
  const ofName = (event: string): unknown[] =>
    s.of('verb:status').flatMap((m) => (m.data.event === event ? [m.data.name] : []));
  assert.deepEqual(
    ofName('finished').filter((name) => name !== 'config'),
    ofName('starting'),
    'those that are killed too',
  );
  await s.end();
});

test('queued verbs wait for the running one; a bad message is answered jambonz:error and nothing else suffers', async () => {
  const s = await socketScene([{ verb: 'play', url: toneUrl(440, 2_000) }]);
  s.command('redirect', [{ verb: 'play', url: toneUrl(660) }], { queueCommand: true });
  s.socket().send('this is no JSON');
  s.command('nonsense', {});
  s.command('redirect', [{ verb: 'nonsense' }]);
  await s.stage.clock.runFor(1_000);
  assert.ok(hears(s, 440));
  await s.stage.clock.runFor(2_000);
  assert.ok(hears(s, 660));
  assert.equal(s.of('jambonz:error')[0]?.data.msg, 'InvalidMessage');
  assert.equal(s.stage.events.filter((e) => e.event.type === 'command-refused').length, 2);
  await s.stage.clock.settle(s.call.hangup());
  await s.end();
});

test('a lost socket is opened again and the call goes on', async () => {
  const s = await socketScene([{ verb: 'gather', actionHook: '/digits', numDigits: 1, timeout: 0 }]);
  s.socket().close(1011, 'application restarts');
  await s.stage.clock.runFor(2_000);
  assert.equal(s.of('session:reconnect').length, 1);
  s.call.press('5');
  await s.stage.clock.runFor(1_000);
  assert.equal(s.of('verb:hook')[0]?.data.digits, '5');
  s.ack(s.of('verb:hook')[0], [{ verb: 'hangup' }]);
  await s.stage.clock.runFor(500);
  assert.equal(s.call.ended?.by, 'remote');
  await s.end();
});

test('an application that closes with 1000 lets its verbs finish, then the call ends', async () => {
  const s = await socketScene([{ verb: 'play', url: toneUrl(440, 2_000) }]);
  s.socket().close(1000, 'done');
  await s.stage.clock.runFor(1_000);
  assert.ok(!hasEnded(s));
  await s.stage.clock.runFor(2_000);
  assert.equal(s.call.ended?.by, 'remote');
  await s.end();
});

test('a redirect to nothing takes effect when what ran has stopped: with wait it is not waited for longer', async () => {
  const s = await socketScene([{ verb: 'play', url: toneUrl(440) }]);
  const { clock, house, account } = s.stage;
  const sid = s.call.sid!;
  for (const answer of [[], undefined]) {
    const update = house.calls.update(account.account_sid, sid, { call_hook: '/next' }, { wait: true });
    await clock.runFor(50);
    s.ack(s.of('session:redirect').at(-1), answer);
    const outcome = await clock.settle(update, 40_000);
    assert.ok('status' in outcome && outcome.status === 200, JSON.stringify(outcome));
    await clock.runFor(500);
    assert.ok(!hears(s, 440) && !hasEnded(s));
  }
  await clock.settle(s.call.hangup());
  await s.end();
});

test("verb:status of a prompt inside gather: every start has its end; a dial's ringing is none of the application's", async () => {
  const prompt = (seconds: number) => ({
    verb: 'gather',
    input: ['digits'],
    numDigits: 1,
    timeout: 1,
    play: { url: `tone_stream://%(${seconds * 1_000},0,440)` },
  });
  const nobody = {
    verb: 'dial',
    target: [{ type: 'sip', sipUri: 'sip:nobody@127.0.0.9' }],
    timeout: 1,
    dialMusic: toneUrl(600),
  };
  const s = await socketScene([{ verb: 'config', notifyEvents: true }, prompt(1), prompt(9), prompt(9), nobody]);
  await s.stage.clock.runFor(3_000);
  s.call.press('1');
  await s.stage.clock.runFor(1_000);
  s.command('redirect', [nobody]);
  await s.stage.clock.runFor(3_000);
  const events = s
    .of('verb:status')
    .flatMap(({ data }) => (data.verb === undefined ? [] : [`${data.event} ${data.verb}`]));
  assert.deepEqual(events, [
    'start-playback gather',
    'stop-playback gather',
    'start-playback gather',
    'kill-playback gather',
    'dtmf-bargein-detected gather',
    'start-playback gather',
    'kill-playback gather',
  ]);
  await s.stage.clock.settle(s.call.hangup());
  await s.stage.clock.runFor(4_000);
  await s.end();
});
