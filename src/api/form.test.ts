// Bodies: nested forms, what is refused in them, and texts that no database holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import { readForm, unstorable } from './form.ts';
import { formFields } from './limits.ts';
import { compile, flag, hook, object, text, whole } from './schema.ts';

test('forms become objects', () => {
  assert.deepEqual(
    { ...(readForm('a=1&h%5Burl%5D=x+y&h[auth][user]=%C3%BC&empty=') as object) },
    {
      a: '1',
      h: { url: 'x y', auth: { user: 'ü' } },
      empty: '',
    },
  );
});

test('forms that make no object are refused', () => {
  const many = Array.from({ length: formFields + 1 }, (_, i) => `f${i}=1`).join('&');
  for (const body of [
    'a=1&a=2',
    'a=1&a[b]=2',
    'a[b]=1&a=2',
    '[x]=1',
    'a[]=1',
    'a[b=1',
    'a]b=1',
    '__proto__[x]=1',
    'a[__proto__]=1',
    'a[b][c][d][e][f]=1',
    many,
  ])
    assert.ok(isRefusal(readForm(body)), body.slice(0, 40));
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test('values of forms are read as the schema wants, JSON is not', () => {
  const check = compile(object({ on: flag, count: whole(0, 9), name: text(5) }));
  const form = readForm('on=true&count=7&name=5') as Record<string, unknown>;
  assert.equal(check(form), undefined);
  assert.deepEqual({ ...form }, { on: true, count: 7, name: '5' });
  assert.equal(check({ on: 1, count: 7 }), undefined);
  for (const body of [{ on: 'true' }, { count: '7' }, { name: 5 }, { on: 2 }, { count: 10 }, { name: '123456' }])
    assert.ok(check(body), JSON.stringify(body));
});

test('refusals name the field', () => {
  const check = compile(
    object({ call_hook: hook, list: { type: 'array', items: object({ a: flag }, ['a']) } }, ['call_hook']),
  );
  const cases: [unknown, string | undefined, RegExp][] = [
    [{}, 'call_hook', /missing field call_hook/],
    [{ call_hook: { url: 1 } }, 'call_hook.url', /must be string or null/],
    [{ call_hook: { 'a/b~c': 1 } }, 'call_hook.a/b~c', /unknown field/],
    [{ call_hook: null, list: [{ a: 1 }, {}] }, 'list[1].a', /missing field/],
    [[], undefined, /the body must be an object/],
  ];
  for (const [body, path, msg] of cases) {
    const refusal = check(body);
    assert.equal(refusal?.path, path);
    assert.match(refusal?.reason ?? '', msg);
  }
});

test('NUL and halves of surrogate pairs are found anywhere', () => {
  assert.equal(unstorable({ a: ['ü', { b: '\u{1F600}' }], n: 1, z: null }), undefined);
  assert.equal(unstorable({ a: [{ b: 'x\0' }] })?.path, 'a.0.b');
  assert.ok(unstorable({ 'x\ud800': 1 }));
  assert.ok(unstorable('\udc00'));
});

test('what nests without end is refused, not recursed into', () => {
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  assert.equal(unstorable(nested(60)), undefined);
  assert.match(unstorable(nested(50_000))?.reason ?? '', /nests deeper/);
});
