// The call log: a failed call explains itself, once, and says what to do next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, CallEvent } from '../calls/index.ts';
import { logCall } from './call-log.ts';

/** The lines that a call's events become at the level info. */
function logged(events: Omit<CallEvent, 'at'>[]): string[] {
  const lines: string[] = [];
  const note = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const all: CallEvent[] = [];
  const log = { wants: (level: string) => level !== 'debug', debug() {}, info: note('info'), warn: note('warn') };
  const call = { events: { all }, log } as unknown as Call;
  for (const event of events) {
    all.push({ at: 0, ...event } as CallEvent);
    logCall(call, all.at(-1)!);
  }
  return lines;
}

const url = 'http://app.example/hook';
const hookFailed = (code: string, reason: string, more = {}) =>
  ({ type: 'hook-failed', hook: 'session:new', url, code, reason, ...more }) as const;

test('one failure is one line, whoever else is told of it', () => {
  const reason = 'the connection was refused';
  const lines = logged([
    hookFailed('hook-connect', reason),
    { type: 'alert', alert: 'webhook-connection-failure', message: reason },
    { type: 'program-refused', reason },
  ]);
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0]!, /^warn .*app\.example\/hook.*refused.*check that the application runs/);
});

test('why nobody took a dial, and what came of a sip:refer, can be read without asking', () => {
  const failed = { what: 'failed', to: 'sip:a@b', with: 'c', status: 'busy', sip_status: 486, sip_reason: 'Busy Here' };
  assert.deepEqual(
    logged([
      { type: 'dial', what: 'calls', to: 'sip:a@b', with: 'c' },
      { type: 'dial', ...failed },
      { type: 'refer', what: 'progress', status: 486, reason: 'Busy Here' },
    ]),
    [
      'info calls sip:a@b, which is call c',
      'info sip:a@b did not take the call: the far end is busy: 486 (Busy Here)',
      'info the far end says of its call: 486 (Busy Here)',
    ],
  );
});

test('an answer that is not read is trouble, one that is read is none', () => {
  const answered = { type: 'hook-answered', hook: 'verb:hook', url, status: 200, elapsed_ms: 1 } as const;
  const unread = 'its content-type is text/html, not application/json';
  assert.deepEqual(logged([answered, { ...answered, unread }]), [
    `warn the application answered verb:hook after 1 ms; what it says is not read: ${unread}`,
  ]);
});

test('an alert that says something new is a line', () => {
  assert.equal(logged([{ type: 'alert', alert: 'no-tts', message: 'no voice' }]).length, 1);
});

for (const [failure, advice] of [
  [hookFailed('hook-connect', 'the name of the server cannot be resolved'), /check the host name/],
  [hookFailed('hook-status', 'the application answered with status 404'), /check the path/],
  [hookFailed('hook-status', 'the application answered with status 401'), /username and password/],
  [hookFailed('hook-status', 'the application answered with status 500'), /its own log/],
  [hookFailed('hook-status', 'the application answered with status 302'), /redirects are not followed/],
  [hookFailed('hook-status', 'the application answered with status 201'), /200, 202 and 204/],
  [hookFailed('hook-timeout', 'no answer in time'), /CROSSPOINT_HTTP_TIMEOUT/],
  [hookFailed('hook-timeout', 'timeout', { msgid: 'm' }), /CROSSPOINT_WS_API_MSG_RESPONSE_TIMEOUT/],
  [hookFailed('hook-json', 'the application sent JSON that cannot be parsed'), /array of verbs/],
  [hookFailed('hook-connect', 'the connection was refused', { retry_in_ms: 500 }), /tried again in 500 ms$/],
  [{ type: 'socket-failed', url, code: 'hook-status', reason: 'status 404' }, /check the path/],
  [{ type: 'program-refused', reason: 'the application answered with no verbs' }, /application\/json.*"verb"/],
  [{ type: 'play-finished', what: [url], reason: 'failed', played_ms: 0, message: 'gone' }, /app\.example.*gone/],
  [{ type: 'verb-skipped', verb: 'say', reason: 'no codec in common' }, /no codec in common.*set its phone/],
  [{ type: 'verb-skipped', verb: 'say', reason: 'no media: no RTP port is free' }, /CROSSPOINT_RTP_PORT_MAX/],
] as [Omit<CallEvent, 'at'>, RegExp][]) {
  test(`${failure.type} ${failure.reason ?? ''} says what to do`, () => {
    const [line] = logged([failure]);
    assert.match(line ?? 'no line', /^warn /);
    assert.match(line!, advice);
  });
}

for (const [sip_status, sip_reason, advice] of [
  [404, 'Not Found', /knows no such number or user/],
  [401, 'Unauthorized', /`auth`/],
  [408, 'the far end did not answer', /host and port/],
  [488, 'Not Acceptable Here', /codec/],
  [480, 'Temporarily Unavailable', /registered/],
] as const) {
  test(`a call that the far end refuses with ${sip_status} says what that means`, () => {
    const [line] = logged([{ type: 'status', status: 'failed', sip_status, sip_reason, by: 'caller' }]);
    assert.match(line!, advice);
    assert.doesNotMatch(line!, /ended by/);
  });
}

test('who ended a call that was answered is said', () => {
  const over = { type: 'status', status: 'completed', sip_status: 200, sip_reason: 'OK' } as const;
  assert.match(logged([{ ...over, by: 'caller' }])[0]!, /ended by the far end$/);
  assert.match(logged([{ ...over, by: 'jambonz' }])[0]!, /ended by us$/);
});
