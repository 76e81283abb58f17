// What both folders promise, the machine's and the one in memory.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Files } from '../../src/base/index.ts';
import { realFiles } from '../../src/base/net/index.ts';
import { MemoryFiles } from '../../src/base/sim/index.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (data: Uint8Array | undefined): string | undefined => data && Buffer.from(data).toString();

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-files-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'made', 'later');
}

for (const [name, make] of [
  ['the machine', (t: TestContext): Files => realFiles(temporary(t))],
  ['memory', (): Files => new MemoryFiles()],
] as const) {
  test(`${name}: a file is made, written and read by position, cut, and goes`, async (t) => {
    const files = make(t);
    await assert.rejects(files.open('a/b/c.wav'), { code: 'file-missing' });
    const file = await files.open('a/b/c.wav', { make: true });
    assert.equal(file.sizeAtOpen, 0);
    await file.write(0, bytes('hello world'));
    await file.write(6, bytes('there'));
    await file.write(13, bytes('!'));
    assert.equal(text(await file.read(6, 5)), 'there');
    assert.equal(text(await file.read(11, 100)), '\0\0!', 'what was left out is zero, and the end is the end');
    assert.equal((await file.read(50, 10)).length, 0);
    await file.truncate(5);
    assert.equal(await file.size(), 5);
    await file.write(7, bytes('x'));
    assert.equal(text(await file.read(0, 20)), 'hello\0\0x', 'nothing of what was cut comes back');
    await file.close();
    const again = await files.open('a/b/c.wav', { make: true });
    assert.equal(again.sizeAtOpen, 8, 'opening cuts nothing');
    await again.close();
    assert.equal(await files.remove('a/b/c.wav'), true);
    assert.equal(await files.remove('a/b/c.wav'), false);
    assert.equal(await files.read('a/b/c.wav'), undefined);
  });

  test(`${name}: small files are replaced whole, and found by how their names end`, async (t) => {
    const files = make(t);
    assert.deepEqual(await files.list('.json'), []);
    await files.replace('2026/b.json', bytes('one'));
    await files.replace('2026/b.json', bytes('two'));
    await files.replace('2026/a.json', bytes('a'));
    await files.replace('2026/a.txt', bytes('a'));
    assert.equal(text(await files.read('2026/b.json')), 'two');
    assert.deepEqual(await files.list('.json'), ['2026/a.json', '2026/b.json']);
    assert.equal((await files.list('')).length, 3, 'nothing half-made is left');
  });
}

test('the machine: nobody else may read what is made, and no path leaves the folder', async (t) => {
  const folder = temporary(t);
  const files = realFiles(folder);
  await (await files.open('x/y.wav', { make: true })).close();
  await files.replace('x/z.json', bytes('{}'));
  for (const path of ['x/y.wav', 'x/z.json']) assert.equal(statSync(join(folder, path)).mode & 0o077, 0, path);
  assert.equal(statSync(join(folder, 'x')).mode & 0o077, 0);
  await assert.rejects(files.open('../out', { make: true }), /bug: a path outside/);
  await assert.rejects(async () => files.read('x/../../out'), /bug: a path outside/);
});

test('memory: a test makes it slow, or full', async () => {
  const files = new MemoryFiles();
  const file = await files.open('a', { make: true });
  assert.equal(files.opened, 1);
  files.beforeWrite = () => Promise.reject(new Error('full'));
  await assert.rejects(file.write(0, bytes('x')), { code: 'file-failed' });
  assert.equal(files.get('a')?.length, 0);
  await file.close();
  assert.equal(files.opened, 0);
});
