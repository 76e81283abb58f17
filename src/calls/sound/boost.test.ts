// Gains as applications write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../../base/index.ts';
import { readBoostDb } from './boost.ts';

for (const [given, db] of [
  [6, 6],
  [-20, -20],
  [20, 20],
  [0, 0],
  [-3.5, -3.5],
  ['6 dB', 6],
  ['-3dB', -3],
  [' +1.5 DB ', 1.5],
  ['0 dB', 0],
  ['12', 12],
] as const) {
  test(`${JSON.stringify(given)} is ${db} dB`, () => assert.equal(readBoostDb(given), db));
}

for (const given of [
  21,
  -20.1,
  '21 dB',
  'loud',
  '',
  ' dB',
  '1e1',
  '6 dBm',
  Number.NaN,
  Infinity,
  null,
  undefined,
  {},
  [6],
]) {
  test(`${typeof given === 'object' ? JSON.stringify(given) : String(given)} is refused with 400`, () => {
    const refusal = readBoostDb(given);
    assert.ok(isRefusal(refusal) && refusal.http === 400);
  });
}
