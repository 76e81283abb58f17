// docs/live-control.md tells no lies: every request and every message on it is sent, as it stands there, to a call of which it says that it acts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CommandNeed, commands, socketCommands } from '../../src/commands/index.ts';
import { openCallee } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';
import { type SocketScene, socketScene } from '../kit/socket-scene.ts';

interface Section {
  field: string;
  /** Bodies of PUT, as text. */
  bodies: string[];
  /** Messages of the socket, as text. */
  messages: string[];
}

const page = readFileSync(new URL('../../docs/live-control.md', import.meta.url), 'utf8');

const sections: Section[] = page
  .split('\n## ')
  .slice(1)
  .map((text) => ({
    field: text.slice(0, text.indexOf('\n')),
    bodies: [...text.matchAll(/^PUT \S+ +(.+)$/gm)].map((match) => match[1]!),
    messages: [...text.matchAll(/^\{"type":"command".+$/gm)].map((match) => match[0]),
  }));

test('each command has its section, with a request and a message for every example', () => {
  assert.deepEqual(
    sections.map(({ field, bodies, messages }) => [field, bodies.length, messages.length]),
    commands
      .map(({ rest, examples, socketExamples = [] }) => [
        rest,
        examples.length,
        examples.length + socketExamples.length,
      ])
      .concat(socketCommands.map(({ ws, socketExamples }) => [`${ws}, on the socket only`, 0, socketExamples.length])),
  );
});

const play = { verb: 'play', url: toneUrl(440) };
/** The verb that makes what a command needs, besides a call that plays. */
const verbs: Partial<Record<CommandNeed, (bob: string) => Json>> = {
  'a bridge': (bob) => ({ verb: 'dial', target: [{ type: 'sip', sipUri: bob }] }),
  'a conference': () => ({ verb: 'conference', name: 'standup' }),
  'a stream': () => ({ verb: 'listen', url: 'ws://audio.example/' }),
  'a transcription': () => ({ verb: 'transcribe', transcriptionHook: '/heard', recognizer: { vendor: 'test' } }),
};

async function callWith(need: CommandNeed): Promise<SocketScene> {
  const s = await socketScene([play]);
  s.stage.net.serveWs('ws://audio.example/', () => {}, { protocols: ['audio.drachtio.org'] });
  const verb = verbs[need];
  if (verb) s.command('redirect', [verb((await openCallee(s, {})).uri), play]);
  await s.stage.clock.runFor(2_000);
  return s;
}

for (const { field, bodies, messages } of sections) {
  const { needs = 'nothing', waitsFor } = commands.find(({ rest }) => rest === field) ?? {};
  /** Of an answered call; before the answer it is the other one that acts. */
  const impossible = (text: string): boolean => waitsFor !== undefined || text.includes('"no-answer"');

  test(`${field}: the page's requests act, one after the other`, async () => {
    const s = await callWith(needs);
    const { call_sid: sid } = s.of('session:new')[0]!.data as { call_sid: string };
    for (const body of bodies) {
      if (s.stage.eventsOf(sid, 'ended').length > 0) continue;
      const outcome = await s.stage.clock.settle(
        s.stage.house.calls.update(s.stage.account.account_sid, sid, JSON.parse(body), { wait: false }),
      );
      const status = 'refused' in outcome ? (outcome.http ?? 422) : outcome.status;
      const wanted = impossible(body) ? [422] : [200, 202];
      assert.ok(wanted.includes(status), `${body}: ${JSON.stringify(outcome)}`);
      await s.stage.clock.runFor(1_000);
    }
    await hangUp(s);
  });

  test(`${field}: so do its messages on the socket`, async () => {
    const s = await callWith(needs);
    const sid = String(s.of('session:new')[0]!.data.call_sid);
    const before = s.stage.eventsOf(sid, 'commanded').length;
    let sent = 0;
    for (const message of messages) {
      if (s.stage.eventsOf(sid, 'ended').length > 0) continue;
      s.socket().send(message);
      sent += impossible(message) ? 0 : 1;
      await s.stage.clock.runFor(1_000);
      const refused = s.stage.eventsOf(sid, 'command-refused');
      assert.equal(s.stage.eventsOf(sid, 'commanded').length, before + sent, `${message}: ${JSON.stringify(refused)}`);
      assert.deepEqual(s.of('jambonz:error'), [], message);
    }
    await hangUp(s);
  });
}

async function hangUp(s: SocketScene): Promise<void> {
  if (!s.call.ended) await s.stage.clock.settle(s.call.hangup());
  await s.stage.clock.runFor(40_000);
  await s.end();
}
