// snake_case: names by name, what stays as it is, and that printing reads back the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snakeCase, snakeName } from './snake-case.ts';

const names: [string, string][] = [
  ['callSid', 'call_sid'],
  ['callSID', 'call_s_i_d'],
  ['NBest', 'n_best'],
  ['P-Asserted-Identity', 'p_asserted_identity'],
  ['X-CallSid', 'x_callsid'],
  ['response.done', 'response_done'],
  ['a:b', 'a_b'],
  ['two words', 'two_words'],
  ['SID', 'sid'],
  ['HTTPServer', 'h_t_t_p_server'],
  ['already_snake', 'already_snake'],
  ['_private', 'private'],
  ['e164', 'e164'],
  ['env_vars', 'env_vars'],
  ['envVars', 'env_vars'],
  ['customerData', 'customerData'],
  ['', ''],
  ['$', '$'],
  ['имя', 'имя'],
  ['__proto__', 'proto'],
];
for (const [name, snake] of names) test(`"${name}" is "${snake}"`, () => assert.equal(snakeName(name), snake));

test('through arrays and objects, but not below customerData, sip, env_vars and args', () => {
  const inner = { keepMe: [{ andMe: 1 }] };
  assert.deepEqual(
    snakeCase({
      topLevel: [{ innerKey: null }, [{ deepKey: 1 }]],
      customerData: inner,
      sip: inner,
      env_vars: inner,
      args: inner,
    }),
    {
      top_level: [{ inner_key: null }, [{ deep_key: 1 }]],
      customerData: inner,
      sip: inner,
      env_vars: inner,
      args: inner,
    },
  );
});

test('hostile names are only names', () => {
  const hostile = JSON.parse('{"constructor":{"toString":1},"__proto__":{"polluted":true}}');
  assert.equal(JSON.stringify(snakeCase(hostile)), '{"constructor":{"to_string":1},"proto":{"polluted":true}}');
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('what is not plain data prints as it always does', () => {
  const date = new Date(0);
  assert.equal(JSON.stringify(snakeCase({ atTime: date, none: undefined })), '{"at_time":"1970-01-01T00:00:00.000Z"}');
});
