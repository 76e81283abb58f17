// What listen, stream and config.listen take, and what they refuse with which path.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import { parseApplication } from './parse.ts';

const url = 'wss://listener.example/audio';

const verdict = (verb: object): string => {
  const steps = parseApplication([verb]);
  return isRefusal(steps) ? `${steps.path}` : 'taken';
};

test('both names, both spellings, every rate', () => {
  for (const name of ['listen', 'stream']) {
    assert.equal(verdict({ verb: name, url }), 'taken');
    assert.equal(verdict({ [name]: { url: '/audio' } }), 'taken');
  }
  for (const sampleRate of [8_000, 16_000, 24_000, 32_000, 48_000, 64_000])
    assert.equal(verdict({ verb: 'listen', url, sampleRate, mixType: 'mixed', timeout: 5 }), 'taken');
  assert.equal(verdict({ verb: 'listen', url, bidirectionalAudio: { streaming: true, sampleRate: 22_050 } }), 'taken');
  assert.equal(verdict({ verb: 'config', listen: { enable: true, url } }), 'taken');
  assert.equal(verdict({ verb: 'config', stream: { enable: false } }), 'taken');
});

test('what cannot work is refused with its path', () => {
  const refused: [object, string][] = [
    [{ url: 'ftp://x/' }, 'url'],
    [{ url: 'audio' }, 'url'],
    [{ url, sampleRate: 11_025 }, 'sampleRate'],
    [{ url, mixType: 'quadro' }, 'mixType'],
    [{ url, finishOnKey: 'x' }, 'finishOnKey'],
    [{ url, maxLength: 0 }, 'maxLength'],
    [{ url, wsAuth: { username: 'u' } }, 'wsAuth'],
    [{ url, bidirectionalAudio: { sampleRate: 100 } }, 'bidirectionalAudio.sampleRate'],
    [{ url, speed: 2 }, 'speed'],
  ];
  for (const [options, path] of refused) {
    const where = verdict({ verb: 'listen', ...options });
    assert.ok(where.startsWith(`[0].listen.${path}`), `${where} for ${path}`);
  }
  assert.equal(verdict({ verb: 'config', listen: { enable: true } }), '[0].config.listen.url');
  assert.equal(verdict({ verb: 'config', stream: { enable: true, url: 'x' } }), '[0].config.stream.url');
});
