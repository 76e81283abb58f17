// SIPREC: what a recording server is told and given, and that the call never feels what becomes of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { UdpSocket } from '../../src/base/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { serverHost } from '../../src/rehearsal/stage.ts';
import { calledHz, callerHz as callingHz, dialScene } from '../kit/dialled.ts';
import { type RecordedSession, RecordingServer } from '../kit/recording-server.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const callerHz = 700;
const promptHz = 440;

interface Recording {
  s: Scene;
  call: PhoneCall;
  first: RecordingServer;
  second: RecordingServer;
}

/** A caller who sings and hears a prompt, and two recording servers. */
async function recording(run: (parts: Recording) => Promise<void>): Promise<void> {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(promptHz) }] });
  const { clock } = s.stage;
  const [first, second] = [
    await clock.settle(RecordingServer.open(s.stage, '10.0.1.1')),
    await clock.settle(RecordingServer.open(s.stage, '10.0.1.2')),
  ];
  const call = await s.dial();
  call.audio.voice = (frame) =>
    Int16Array.from({ length: 160 }, (_, i) =>
      Math.round(5_000 * Math.sin((2 * Math.PI * callerHz * (frame * 160 + i)) / 8_000)),
    );
  await s.run(500);
  await run({ s, call, first, second });
  if (!call.ended) await clock.settle(call.hangup());
  await s.run(40_000);
  for (const server of [first, second]) await clock.settle(server.close());
  await s.end();
}

const act = (s: Scene, call: PhoneCall, action: string, more: Json = {}) =>
  s.update(call, { record: { action: `${action}CallRecording`, type: 'siprec', ...more } });

/** Level of a tone in one stream's last half second. */
const level = (
  { s }: Recording,
  server: RecordingServer,
  session: RecordedSession,
  stream: 0 | 1,
  hz: number,
): number => toneLevelDbov(server.heard(session, stream, s.stage.clock.now() - 500, s.stage.clock.now()), hz, 8_000);

test('both sides are sent, each as its own labelled stream, with metadata that says who is who', () =>
  recording(async (parts) => {
    const { s, call, first } = parts;
    const start = { siprecServerURL: first.uri, recordingID: 'r1', headers: { 'X-Mine': 'yes' } };
    assert.equal((await act(s, call, 'start', start)).status, 202);
    await s.run(1_500);
    const [session] = first.sessions;
    assert.ok(session);
    assert.equal(session.invite.header('Require'), 'siprec');
    assert.match(session.invite.header('Contact') ?? '', /;\+sip\.src/);
    assert.equal(session.invite.header('X-Mine'), 'yes');
    assert.equal(session.sdp.match(/^m=audio /gm)?.length, 2);
    assert.equal(session.sdp.match(/^a=sendonly\r?$/gm)?.length, 2);
    assert.deepEqual(session.sdp.match(/^a=label:\d/gm), ['a=label:1', 'a=label:2']);
    assert.ok(level(parts, first, session, 0, callerHz) > -25 && level(parts, first, session, 0, promptHz) < -45);
    assert.ok(level(parts, first, session, 1, promptHz) > -30 && level(parts, first, session, 1, callerHz) < -45);
    for (const stream of session.streams)
      for (const [i, packet] of stream.slice(1).entries())
        assert.equal((packet.sequence - stream[i]!.sequence) & 0xffff, 1, 'no packet is missing');
    assert.match(session.metadata, /<datamode>complete<\/datamode>/);
    assert.ok(session.metadata.includes(`<jb:callsid>${sidOf(call)}</jb:callsid>`));
    assert.ok(session.metadata.includes('<jb:recordingid>r1</jb:recordingid>'));
    const checked = spawnSync('xmllint', ['--noout', '-'], { input: session.metadata });
    if (!checked.error) assert.equal(checked.status, 0, String(checked.stderr));
    assert.equal((await act(s, call, 'stop')).status, 202);
    await s.run(500);
    assert.ok(session.ended);
    assert.equal(call.ended, undefined);
  }));

test('pause rests both streams and says so, resume brings them back; what the state does not allow is refused', () =>
  recording(async (parts) => {
    const { s, call, first } = parts;
    assert.equal((await act(s, call, 'pause')).status, 422);
    await act(s, call, 'start', { siprecServerURL: first.uri });
    await s.run(500);
    assert.equal((await act(s, call, 'start', { siprecServerURL: first.uri })).status, 422);
    await act(s, call, 'pause');
    await s.run(300);
    const [session] = first.sessions;
    assert.ok(session);
    assert.equal(session.updates.at(-1)?.direction, 'inactive');
    assert.match(session.updates.at(-1)?.metadata ?? '', /<datamode>partial<\/datamode>/);
    const before = session.streams.map((stream) => stream.length);
    await s.run(1_000);
    assert.deepEqual(
      session.streams.map((stream) => stream.length),
      before,
    );
    await act(s, call, 'resume');
    await s.run(1_000);
    assert.equal(session.updates.at(-1)?.direction, 'sendonly');
    assert.ok(level(parts, first, session, 0, callerHz) > -25);
    await s.stage.clock.settle(call.hangup());
    await s.run(500);
    assert.ok(session.ended, 'the end of the call is the end of the recording');
  }));

test('a list is tried in order; a server that goes away is followed by the next; the call goes on', () =>
  recording(async (parts) => {
    const { s, call, first, second } = parts;
    first.answers = 503;
    await act(s, call, 'start', { siprecServerURL: [first.uri, second.uri] });
    await s.run(1_000);
    assert.deepEqual([first.sessions.length, second.sessions.length], [0, 1]);
    await act(s, call, 'stop');
    await s.run(500);
    first.answers = 200;
    await act(s, call, 'start', { siprecServerURL: [first.uri, second.uri] });
    await s.run(1_000);
    await s.stage.clock.settle(first.sessions[0]!.dialog!.bye());
    await s.run(1_000);
    assert.equal(second.sessions.length, 2);
    assert.ok(level(parts, second, second.sessions[1]!, 0, callerHz) > -25);
    assert.equal(call.ended, undefined);
  }));

test('a comma makes a session with each; one that is silent harms neither the other nor the call', () =>
  recording(async (parts) => {
    const { s, call, first, second } = parts;
    first.answers = 0;
    await act(s, call, 'start', { siprecServerURL: `${first.uri},${second.uri}` });
    await s.run(6_000);
    assert.equal(second.sessions.length, 1);
    assert.ok(level(parts, second, second.sessions[0]!, 1, promptHz) > -30);
    assert.ok(s.stage.alerts.some((alert) => alert.type === 'siprec-failed'));
    assert.equal(call.ended, undefined);
  }));

test('when no server takes it the update has failed: an alert, and the answer to who waits', () =>
  recording(async ({ s, call, first }) => {
    first.answers = 486;
    const waited = await s.update(call, { record: { action: 'startCallRecording', siprecServerURL: first.uri } }, true);
    assert.equal(waited.status, 422);
    assert.match(waited.reason ?? '', /486/);
    assert.equal((await act(s, call, 'start', { siprecServerURL: first.uri })).status, 202);
    await s.run(500);
  }));

/** An address at which nobody is. */
const nowhere = 'sip:recorder@10.0.9.9';

test('a server that does not answer at all is given up after 4 s, and the next of the list has the recording', () =>
  recording(async (parts) => {
    const { s, call, first } = parts;
    await act(s, call, 'start', { siprecServerURL: [nowhere, first.uri] });
    await s.run(5_000);
    assert.equal(first.sessions.length, 1);
    assert.ok(level(parts, first, first.sessions[0]!, 0, callerHz) > -25);
  }));

test('a recording that could not begin takes nothing from the one that was started after it', () =>
  recording(async (parts) => {
    const { s, call, first } = parts;
    await act(s, call, 'start', { siprecServerURL: nowhere });
    await s.run(50);
    assert.equal((await act(s, call, 'stop')).status, 202);
    assert.equal((await act(s, call, 'start', { siprecServerURL: first.uri })).status, 202);
    await s.run(35_000);
    assert.equal(first.sessions.length, 1);
    assert.equal((await act(s, call, 'stop')).status, 202, 'it is known to run');
    await s.run(500);
    assert.ok(first.sessions[0]!.ended);
  }));

test('a media worker dies and the ports of the recording are taken: the server is told the new ones', async () => {
  const taken: Promise<UdpSocket>[] = [];
  let ports: number[] = [];
  const onWorkerStart = () => {
    for (const port of ports.splice(0)) taken.push(s.stage.net.host(serverHost).udp({ host: serverHost, port }));
  };
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(promptHz) }] }, { onWorkerStart });
  const { clock } = s.stage;
  const server = await clock.settle(RecordingServer.open(s.stage, '10.0.1.1'));
  const call = await s.dial();
  await act(s, call, 'start', { siprecServerURL: server.uri });
  await s.run(1_000);
  const [session] = server.sessions;
  assert.ok(session);
  const portsIn = (sdp: string): number[] => [...sdp.matchAll(/^m=audio (\d+)/gm)].map((line) => Number(line[1]));
  const old = portsIn(session.sdp);
  let told = '';
  const { onReinvite } = session.dialog!;
  session.dialog!.onReinvite = (reinvite) => {
    told = Buffer.from(reinvite.request.body).toString();
    onReinvite(reinvite);
  };
  ports = [...old];
  s.stage.killWorker(0);
  await s.run(3_000);
  const now = portsIn(told);
  assert.equal(now.length, 2);
  assert.ok(
    now.every((port) => !old.includes(port)),
    `${now} in place of ${old}`,
  );
  const pcm = server.heard(session, 1, clock.now() - 500, clock.now());
  assert.ok(toneLevelDbov(pcm, promptHz, 8_000) > -30);
  await clock.settle(call.hangup());
  await s.run(1_000);
  assert.ok(session.ended);
  for (const socket of await Promise.all(taken)) socket.close();
  await clock.settle(server.close());
  await s.end();
});

test('of a dialled leg too, label 1 is who called and label 2 who was called', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }] }];
  const { clock } = s.stage;
  const server = await clock.settle(RecordingServer.open(s.stage, '10.0.1.1'));
  const call = await s.dial();
  await s.run(1_000);
  const record = { action: 'startCallRecording', siprecServerURL: server.uri };
  assert.equal((await s.updateSid(s.childSid(), { record }, true)).status, 200);
  await s.run(1_000);
  const session = server.sessions[0]!;
  for (const [stream, aloud, silent] of [
    [0, callingHz, calledHz],
    [1, calledHz, callingHz],
  ] as const) {
    const pcm = server.heard(session, stream, clock.now() - 500, clock.now());
    assert.ok(toneLevelDbov(pcm, aloud, 8_000) > -25 && toneLevelDbov(pcm, silent, 8_000) < -45, `stream ${stream}`);
  }
  const parties = [...session.metadata.matchAll(/aor="([^"]*)"/g)].map((match) => match[1]);
  assert.deepEqual(parties, [`sip:phone@${serverHost}:5060`, bob.uri]);
  await clock.settle(call.hangup());
  await s.run(1_000);
  await clock.settle(server.close());
  await s.end();
});
