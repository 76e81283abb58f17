// Digits in INFO bodies as phones write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SipRequest } from '../../sip/index.ts';
import { readInfoDigit } from './info-digit.ts';

const info = (contentType: string | undefined, body: string): SipRequest =>
  ({ contentType, body: Buffer.from(body) }) as unknown as SipRequest;

for (const [type, body, expected] of [
  ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n', ['5', 160]],
  ['application/dtmf-relay', 'Signal= 5 \r\nDuration= 160\r\n', ['5', 160]],
  ['Application/DTMF-Relay; charset=utf-8', 'signal=*\nduration=80', ['*', 80]],
  ['application/dtmf-relay', 'Signal=11', ['#', 250]],
  ['application/dtmf-relay', 'Signal=10', ['*', 250]],
  ['application/dtmf-relay', 'Signal=d\r\n', ['D', 250]],
  ['application/dtmf-relay', 'Signal=15\r\nDuration=99999999', ['D', 10_000]],
  ['application/dtmf', '7', ['7', 250]],
  ['application/dtmf', ' #\r\n', ['#', 250]],
  ['application/dtmf', '12', ['A', 250]],
  ['application/dtmf', '', undefined],
  ['application/dtmf', '123', undefined],
  ['application/dtmf-relay', 'Signal=16', undefined],
  ['application/dtmf-relay', 'Signal=toString', undefined],
  ['application/dtmf-relay', 'Duration=160', undefined],
  ['application/json', 'Signal=5', undefined],
  [undefined, 'Signal=5', undefined],
] as [string | undefined, string, [string, number] | undefined][]) {
  test(`${type} ${JSON.stringify(body)}: ${expected?.join(', ') ?? 'no digit'}`, () => {
    const read = readInfoDigit(info(type, body));
    assert.deepEqual(read && [read.digit, read.durationMs], expected);
  });
}
