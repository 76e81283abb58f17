// Files on a real disk: the allowed folders and nothing else, links followed, whatever is no file refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { maxAudioBytes } from '../limits.ts';
import { audioFiles } from './audio-files.ts';

test('only what lies in the allowed folders is a file to be played', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'audio-files-'));
  t.after(() => rmSync(root, { recursive: true }));
  const allowed = join(root, 'allowed');
  mkdirSync(join(allowed, 'folder'), { recursive: true });
  mkdirSync(join(root, 'allowed-not'));
  for (const path of ['allowed/a.wav', 'allowed/folder/b.wav', 'allowed-not/c.wav', 'secret'])
    writeFileSync(join(root, path), path);
  writeFileSync(join(allowed, 'huge.wav'), '');
  execFileSync('truncate', ['-s', String(maxAudioBytes + 1), join(allowed, 'huge.wav')]);
  execFileSync('mkfifo', [join(allowed, 'pipe.wav')]);
  symlinkSync(join(allowed, 'a.wav'), join(allowed, 'inside.wav'));
  symlinkSync(join(root, 'secret'), join(allowed, 'outside.wav'));
  symlinkSync(join(root, 'nothing'), join(allowed, 'dangling.wav'));
  const files = audioFiles([allowed, join(root, 'absent')]);
  const at = (path: string) => files.find(pathToFileURL(root).href + path);
  const text = async (path: string): Promise<string> => Buffer.from(await (await at(path)).read()).toString();

  assert.equal(await text('/allowed/a.wav'), 'allowed/a.wav');
  assert.equal(await text('/allowed/folder/b.wav'), 'allowed/folder/b.wav');
  assert.equal(await text('/allowed/inside.wav'), 'allowed/a.wav');
  const refusals: [path: string, code: string][] = [
    ['/allowed/none.wav', 'play-notfound'],
    ['/allowed/dangling.wav', 'play-notfound'],
    ['/allowed/folder', 'play-notfound'],
    ['/allowed/pipe.wav', 'play-notfound'],
    ['/allowed/%00.wav', 'play-notfound'],
    ['/allowed/huge.wav', 'play-too-large'],
    ['/allowed/outside.wav', 'play-forbidden'],
    ['/allowed/../secret', 'play-forbidden'],
    ['/allowed/%2e%2e/secret', 'play-forbidden'],
    ['/allowed-not/c.wav', 'play-forbidden'],
    ['/secret', 'play-forbidden'],
    ['/none', 'play-forbidden'],
  ];
  for (const [path, code] of refusals) await assert.rejects(at(path), { code }, path);
  await assert.rejects(files.find('file://elsewhere/allowed/a.wav'), { code: 'play-notfound' });
  await assert.rejects(audioFiles([]).find(pathToFileURL(join(allowed, 'a.wav')).href), { code: 'play-forbidden' });
});

test('the version changes with the content', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'audio-files-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a.wav');
  writeFileSync(path, 'one');
  const { href } = pathToFileURL(path);
  const files = audioFiles([folder]);
  const before = await files.find(href);
  assert.equal((await files.find(href)).version, before.version);
  writeFileSync(path, 'other');
  const after = await files.find(href);
  assert.notEqual(after.version, before.version);
  assert.equal((await before.read()).length, 3, 'no more than was found');
});
