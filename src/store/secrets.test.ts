// Secrets: their forms, and passwords that match themselves only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSid, realRandom } from '../base/index.ts';
import { checkPassword, hashPassword, newApiToken, newWebhookSecret } from './secrets.ts';

const random = realRandom();

test('a password matches its own hash, salted each time', async () => {
  const [one, two] = [await hashPassword('pässword', random), await hashPassword('pässword', random)];
  assert.notEqual(one, two);
  assert.ok(await checkPassword('pässword', one));
  assert.ok(await checkPassword('pässword', two));
  assert.equal(await checkPassword('password', one), false);
  for (const broken of ['', 'scrypt', 'scrypt$$', 'md5$00$00', one.slice(0, -2)])
    assert.equal(await checkPassword('pässword', broken), false);
});

test('forms of secrets', () => {
  assert.match(newWebhookSecret(random), /^wh_secret_[1-9A-Za-z]{22}$/);
  assert.ok(isSid(newApiToken(random)));
});
