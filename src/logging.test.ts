// Log lines as they leave the process: JSON and readable, levels, errors, and no line lost at the end.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clock, type Log, realClock } from './base/index.ts';
import { type LoggingOptions, openLog } from './logging.ts';

const clock: Clock = { ...realClock(), now: () => Date.UTC(2026, 2, 1, 12, 0, 0, 7) };

/** What is on the file descriptor after `write` and a flush. */
function written(options: Pick<LoggingOptions, 'level' | 'readable' | 'colour'>, write: (log: Log) => void): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-log-'));
  const fd = openSync(join(folder, 'log'), 'w');
  try {
    const { log, flush } = openLog({ ...options, clock, fd });
    write(log);
    flush();
    return readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(0, -1);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

test('JSON lines carry level, time, message, the call and errors', () => {
  const lines = written({ level: 'info', readable: false }, (log) => {
    log.debug('not shown');
    log.with({ call_sid: 'c' }).warn('slow', { elapsedMs: 12, error: new Error('boom') });
    log.info('two\nlines "quoted"');
  });
  assert.equal(lines.length, 2);
  const { error, ...first } = JSON.parse(lines[0]!);
  assert.deepEqual(first, {
    level: 'warn',
    time: '2026-03-01T12:00:00.007Z',
    call_sid: 'c',
    elapsedMs: 12,
    msg: 'slow',
  });
  assert.equal(error.message, 'boom');
  assert.match(error.stack, /logging\.test/);
  assert.equal(JSON.parse(lines[1]!).msg, 'two\nlines "quoted"');
});

test('readable lines have local time, level, message and fields', () => {
  const [line] = written({ level: 'debug', readable: true }, (log) =>
    log.debug('call begins', { call_sid: 'c1', from: 'a b', n: 3, none: undefined, list: [1] }),
  );
  assert.match(line!, /^\d\d:\d\d:\d\d\.007 debug call begins call_sid=c1 from="a b" n=3 none=undefined list=\[1\]$/);
});

test('what strangers send neither forges a readable line nor reaches the terminal', () => {
  const evil = 'x\n12:00:00.000 info  forged\r\x1b[2J\x9b2J\u2028end';
  const lines = written({ level: 'debug', readable: true }, (log) => {
    log.info(evil, { evil, list: [evil] });
    log.error('failed', { error: new Error(evil) });
  });
  assert.equal(lines.filter((line) => !line.startsWith('    ')).length, 2, lines.join('|'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come
  for (const line of lines) assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028]/);
});

test('colour only when asked for', () => {
  const [line] = written({ level: 'debug', readable: true, colour: true }, (log) => log.error('x'));
  assert.ok(line!.includes('\x1b[31merror'));
});

test('fields that JSON cannot hold do not stop the server', () => {
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  for (const readable of [true, false]) {
    const lines = written({ level: 'info', readable }, (log) => log.info('odd', { ring, big: 1n, f: () => 1 }));
    assert.equal(lines.length, 1);
  }
});
