// Errors and the log: verdicts are told apart, texts are fit for their readers.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bug, errorText, Fault, isFault, isRefusal, makeLog, refuse, silentLog } from './index.ts';

it('keeps refusals short, whatever they say back', () => {
  const { reason, path } = refuse('x', 'y'.repeat(100_000), { path: 'z'.repeat(100_000) });
  assert.ok(reason.length < 400 && (path?.length ?? 0) < 400);
});

it('makes refusals that are values', () => {
  const refusal = refuse('no-media', 'the call has no media', { path: 'mute', http: 422 });
  assert.deepEqual(refusal, {
    refused: true,
    code: 'no-media',
    reason: 'the call has no media',
    path: 'mute',
    http: 422,
  });
  assert.ok(isRefusal(refusal));
  for (const other of [undefined, null, 'no', {}, { refused: 'yes' }, new Fault('x', 'y')])
    assert.equal(isRefusal(other), false);
});

it('keeps the cause of a fault private and its verdict plain', () => {
  const cause = new Error('password in here');
  const fault = new Fault('http-reset', 'the connection was cut', {
    retryable: true,
    http: 502,
    sip: 500,
    cause,
    detail: { n: 1 },
  });
  assert.ok(isFault(fault) && fault instanceof Error);
  assert.deepEqual(
    [fault.message, fault.cause, fault.retryable, fault.http, fault.sip],
    ['the connection was cut', cause, true, 502, 500],
  );
  assert.deepEqual(fault.detail, { n: 1 });
  const plain = new Fault('x', 'y');
  assert.deepEqual([plain.retryable, plain.http, plain.detail, 'cause' in plain], [false, undefined, {}, false]);
  assert.equal(isFault(cause), false);
});

it('gives a text for whatever was thrown', () => {
  assert.equal(errorText(new Error('text')), 'text');
  assert.equal(errorText(Object.assign(new Error(''), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  assert.equal(errorText(new TypeError('')), 'TypeError');
  assert.equal(errorText('thrown text'), 'thrown text');
  assert.equal(errorText(undefined), 'undefined');
  assert.throws(() => bug('impossible'), /^Error: bug: impossible$/);
});

it('writes log lines with all bindings, the nearest winning', () => {
  const lines: unknown[] = [];
  const log = makeLog((...line) => lines.push(line), { app: 'x' });
  const call = log.with({ call: 1 }).with({ leg: 2 });
  call.info('hello', { leg: 3 });
  log.warn('bare');
  call.debug('d');
  call.error('e');
  silentLog.error('nothing');
  assert.deepEqual(lines, [
    ['info', 'hello', { app: 'x', call: 1, leg: 3 }],
    ['warn', 'bare', { app: 'x' }],
    ['debug', 'd', { app: 'x', call: 1, leg: 2 }],
    ['error', 'e', { app: 'x', call: 1, leg: 2 }],
  ]);
});
