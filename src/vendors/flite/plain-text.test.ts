// Text and SSML as the embedded voice speaks them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText } from './plain-text.ts';

const texts = (text: string): string[] =>
  plainText(text).map((part) => ('text' in part ? part.text : `<${part.silenceMs}>`));

test('plain text is cut after sentences, never inside numbers and names', () => {
  assert.deepEqual(texts('Hello. How are you? Fine!'), ['Hello.', 'How are you?', 'Fine!']);
  assert.deepEqual(texts('It costs 3.50 at example.com, o.k.? Yes'), ['It costs 3.50 at example.com, o.k.?', 'Yes']);
  assert.deepEqual(texts('one\n\ttwo   three'), ['one two three']);
  assert.deepEqual(texts('5 < 6 & <b>'), ['5 < 6 & <b>']);
});

test('what holds nothing to speak is nothing', () => {
  for (const text of ['', '   ', '...', '?!', '<speak></speak>', '<speak> . </speak>', '\0\u0007'])
    assert.deepEqual(texts(text), [], text);
});

test('SSML: tags go, breaks are silence, entities are characters', () => {
  assert.deepEqual(texts('<speak>One<break time="500ms"/>two<break time="1.5s"/>three</speak>'), [
    'One',
    '<500>',
    'two',
    '<1500>',
    'three',
  ]);
  assert.deepEqual(texts('<speak><p>First</p><s>Second</s> <emphasis level="strong">third</emphasis></speak>'), [
    'First.',
    'Second.',
    'third',
  ]);
  assert.deepEqual(texts('<speak>Tom &amp; Jerry &lt;3 &#65;&#x42; &unknown;</speak>'), [
    'Tom & Jerry <3 AB &unknown;',
  ]);
  assert.deepEqual(texts('<speak>a<break/>b<break strength="none"/>c<break strength="strong"/></speak>'), [
    'a',
    '<400>',
    'b',
    'c',
    '<700>',
  ]);
  assert.deepEqual(texts('<speak version="1.0">a<break time="9999s"/></speak>'), ['a', '<10000>']);
});

test('broken SSML is spoken as well as it can be', () => {
  assert.deepEqual(texts('<speak>one <b two'), ['one <b two']);
  assert.deepEqual(texts('<speak>a<break time="x"/>b'), ['a', '<400>', 'b']);
  assert.deepEqual(texts('<speak>&#0;&#99999999;x'), ['x']);
});

test('long sentences are cut at commas or spaces; nothing is lost or longer than allowed', () => {
  const long = `${'word '.repeat(60)}, ${'other '.repeat(100)}${'x'.repeat(900)}`;
  const parts = texts(long);
  for (const part of parts) assert.ok(part.length <= 400, `${part.length}`);
  assert.equal(parts.join('').replace(/\s/g, ''), long.replace(/\s/g, ''));
});

test('ten thousand characters of anything take no time', () => {
  for (const text of [
    '.'.repeat(10_000),
    '.x'.repeat(5000),
    `<speak>${'<'.repeat(9000)}`,
    '&'.repeat(9000),
    `<speak>${'&#'.repeat(4000)}`,
    ' '.repeat(10_000),
    'a'.repeat(10_000),
  ]) {
    const started = process.cpuUsage().user;
    plainText(text);
    assert.ok(process.cpuUsage().user - started < 500_000, text.slice(0, 10));
  }
});
