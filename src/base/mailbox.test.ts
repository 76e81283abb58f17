// Mailbox: one at a time, in order, bounded, and never stuck.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Mailbox } from './index.ts';

it('handles at once when idle, and what is posted meanwhile afterwards, in order', () => {
  const seen: string[] = [];
  const mailbox = new Mailbox<string>({
    limit: 10,
    onError: assert.fail,
    handle(message) {
      seen.push(`${message} begins`);
      if (message === 'a') for (const next of ['b', 'c']) mailbox.post(next);
      seen.push(`${message} ends`);
    },
  });
  assert.equal(mailbox.post('a'), true);
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('refuses more than its limit, and everything once closed', () => {
  const answers: boolean[] = [];
  const seen: number[] = [];
  const mailbox = new Mailbox<number>({
    limit: 2,
    onError: assert.fail,
    handle(message) {
      seen.push(message);
      if (message === 0) for (const next of [1, 2, 3]) answers.push(mailbox.post(next));
      if (message === 1) {
        assert.equal(mailbox.waiting, 1);
        mailbox.close();
      }
    },
  });
  mailbox.post(0);
  assert.deepEqual(answers, [true, true, false]);
  assert.deepEqual(seen, [0, 1]);
  assert.equal(mailbox.post(4), false);
  assert.equal(mailbox.waiting, 0);
});

it('reports a failing message and goes on, also when the report fails', () => {
  const errors: string[] = [];
  const seen: string[] = [];
  const mailbox = new Mailbox<string>({
    limit: 10,
    handle(message) {
      if (message === 'start') for (const next of ['bad', 'good']) mailbox.post(next);
      if (message.includes('bad')) throw new Error(message);
      seen.push(message);
    },
    onError(error, message) {
      errors.push(`${message}: ${(error as Error).message}`);
      if (message === 'very bad') throw error;
    },
  });
  mailbox.post('start');
  assert.throws(() => mailbox.post('very bad'), /very bad/);
  mailbox.post('after');
  assert.deepEqual(seen, ['start', 'good', 'after']);
  assert.deepEqual(errors, ['bad: bad', 'very bad: very bad']);
});
