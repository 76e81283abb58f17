// tidy on a small house made of strings: every rule finds what it forbids, and nothing else.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { complaintsOf } from '../tidy.ts';
import { readProject } from './project.ts';

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `  use(${i});\n`).join('');

const files: Record<string, string> = {
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true, "noEmit": true }, "include": ["src", "test", "scripts"] }',
  // A sound house.
  'src/main.ts': `// main.
import { base } from './base/index.ts';
import { realNetwork } from './base/net/index.ts';
import { Call } from './calls/index.ts';
import { verbs } from './verbs/index.ts';
const started = join(import.meta.dirname, 'thread.ts');
process.exit(base + verbs.length);`,
  'src/thread.ts': '// thread: started by its path.\nexport {};\n',
  'src/base/index.ts': "// base.\nexport * from './clock.ts';\nexport const base = 1;\n",
  'src/base/clock.ts':
    '// clock: in the rim.\nexport const now = () => Date.now() + performance.now();\nsetTimeout(now, 1);\n',
  'src/base/net/index.ts': "// net.\nimport { connect } from 'node:net';\nexport const realNetwork = connect;\n",
  'src/media/client.ts': '// media for the main thread.\nexport const client = 1;\n',
  'src/media/engine/index.ts': '// the engine.\nexport const engine = 1;\n',
  'src/calls/index.ts': `// calls.
import type { Socket } from 'node:net';
import { isIPv4 } from 'node:net';
import { base } from '../base/index.ts';
import { client } from '../media/client.ts';
import { inner } from './inner.ts';
export class Call { setTimeout(fetch: number) { return fetch + inner + base + client; } }
export const at = new Date(0), settings = { console: 1, setTimeout: isIPv4 };
export type { Socket };`,
  'src/calls/inner.ts':
    '// inner: calls its own fetch.\nexport const inner = fetch();\nfunction fetch() { return 1; }\n',
  'src/calls/inner.test.ts': `// A test: its own room's inside, base's sims, real time.
import { it } from 'node:test';
import { engine } from '../media/engine/index.ts';
import { inner } from './inner.ts';
import { script } from '../apps/testing.ts';
it('works', () => { setTimeout(() => inner + script, engine); });\n`,
  'src/verbs/index.ts':
    "// verbs.\nimport { say } from './say.ts';\nimport { play } from './play.ts';\nexport const verbs = [say, play];\n",
  'src/verbs/say.ts': "// say.\nimport { define } from './define.ts';\nexport const say = define(1);\n",
  'src/verbs/play.ts': "// play.\nimport { define } from './define.ts';\nexport const play = define(2);\n",
  'src/verbs/define.ts':
    '// define: no verb itself, as its siblings use it.\nexport const define = (x: number) => x;\n',
  'README.md':
    '# One title\n\n```sh\n# no title\n[x](gone.md)\n```\n\n[itself](#one-title) [page](docs/two.md#two) [room](src/calls) `calls/index.ts` `<name>.ts` [web](https://x.example/y.md)\n',
  // Arrows and doors.
  'src/sip/index.ts': "// sip.\nimport { Call } from '../calls/index.ts';\nexport const sip = Call;\n",
  'src/calls/deep.ts': `// deep.
import { now } from '../base/clock.ts';
import { engine } from '../media/engine/index.ts';
import { realNetwork } from '../base/net/index.ts';
import { main } from '../main.ts';
import type { say } from '../verbs/say.ts';
import { kit } from '../../test/kit/kit.ts';
export type Deep = [typeof now, typeof engine, typeof realNetwork, typeof main, typeof say, typeof kit];`,
  'src/cellar/index.ts': '// cellar: no room.\nexport {};\n',
  'test/kit/kit.ts': "// kit.\nimport { inner } from '../../src/calls/inner.ts';\nexport const kit = inner;\n",
  // The rim.
  'src/apps/index.ts': `// apps.
import { randomUUID, createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import http from 'http';
export const a = [Date.now(), new Date(), Date(), Math.random(), globalThis.setTimeout, process.env.HOME, randomUUID];
console.log(createHash, WebSocket, http);
await import('undici');
await fetch('http://x');
await import('../cellar/index.ts');`,
  // Shape.
  'src/edge/index.ts': `export default 1;\n${'\n'.repeat(400)}`,
  'src/edge/long.ts': `// long.\nimport './media-manager.ts';\nimport './index.ts';\nexport function long() {\n${lines(69)}}\nexport function fits() {\n${lines(68)}}\nexport const { x } = { x: () => {\n${lines(69)}} };\n`,
  'src/edge/media-manager.ts':
    "// media-manager.\nimport './long.ts';\nexport { a as default } from '../store/index.ts';\n",
  'src/edge/list.test.ts': `// A list of tests may be long.\nimport { describe, it } from 'node:test';\ndescribe('x', () => {\n  it('y', () => {});\n${lines(80)}});\n`,
  'src/apps/testing.ts':
    "// testing: for tests of any room, with base's sims.\nimport '../base/net/index.ts';\nexport const script = 1;\n",
  'src/apps/uses.ts': "// uses.\nimport { script } from './testing.ts';\nexport const uses = script;\n",
  // Kinds.
  'src/commands/index.ts':
    "// commands.\nimport { mute } from './mute.ts';\nexport const commands = [mute, mute];\nexport * from './more.ts';\n",
  'src/commands/mute.ts': "// mute.\nimport { tag } from './tag.ts';\nexport const mute = defineCommand(tag);\n",
  'src/commands/tag.ts': '// tag: used by a sibling, and not in the list.\nexport const tag = defineCommand(1);\n',
  'src/commands/more.ts': '// more: handed on.\nexport const more = 1;\n',
  'src/observers/cdr.ts': '// cdr.\nexport const cdr = 1;\n',
  // Texts. In pieces, so that tidy does not find them in this file.
  'src/store/index.ts': `// store. ${'TO'}${'DO'} later, see /${'work'}/shared and https://x.example/${'work'}/y.\nexport const a = 1;\n`,
  'src/store/only.test.ts': `// only.\nimport { it } from 'node:test';\nit${'.only'}('x', () => {});\n`,
  'docs/two.md': '# One\n\n# Two\n',
  'docs/links.md':
    '# Links\n\n[gone](three.md)\n[no heading](two.md#three) `src/gone.ts`\n`gone.md` [up](../../x.md)\n',
};

const found = (() => {
  const root = '/house';
  const onDisk = Object.fromEntries(Object.entries(files).map(([path, text]) => [`${root}/${path}`, text]));
  const project = readProject(root, new Map(Object.entries(files)), createVirtualFileSystem(onDisk));
  return complaintsOf(project).filter((one) => one.path !== 'scripts/tidy/house.ts');
})();

/** `line: first words` of each complaint about a file. */
const about = (path: string): string[] =>
  found.filter((one) => one.path === path).map(({ line, text }) => `${line}: ${text.split(/[;(]/)[0]!.trim()}`);

it('finds nothing in a sound house', () => {
  const sound = Object.keys(files).slice(1, Object.keys(files).indexOf('README.md') + 1);
  assert.equal(sound.length, 15);
  for (const path of sound) assert.deepEqual(about(path), [], path);
});

it('keeps the arrows', () => {
  assert.deepEqual(about('src/sip/index.ts'), ['1: nobody imports it', '2: sip may not import calls']);
  assert.deepEqual(about('src/cellar/index.ts'), ['1: cellar is no room']);
});

it('keeps the doors', () => {
  assert.deepEqual(about('src/calls/deep.ts'), [
    '1: nobody imports it',
    '2: src/base/clock.ts is inside the room base',
    '3: src/media/engine/index.ts is inside the room media',
    '4: src/base/net/index.ts is inside the room base',
    '5: only composers import composers',
    '6: calls may not import verbs',
    '7: the product may not import test/kit/kit.ts',
  ]);
  assert.deepEqual(about('src/apps/testing.ts'), []);
  assert.deepEqual(about('src/apps/uses.ts'), [
    '1: nobody imports it',
    '2: the product may not import src/apps/testing.ts',
  ]);
  assert.deepEqual(about('test/kit/kit.ts'), ['2: src/calls/inner.ts is inside the room calls']);
});

it('keeps time, chance, network, settings and output in the rim', () => {
  assert.deepEqual(about('src/apps/index.ts'), [
    '1: nobody imports it',
    '2: randomUUID of node:crypto is chance, which only the rim touches',
    '3: ws is network, which only the rim touches',
    '4: http is network, which only the rim touches',
    '5: Date.now is time, which only the rim touches',
    '5: new Date',
    '5: Date',
    '5: setTimeout is time, which only the rim touches',
    '5: Math.random is chance, which only the rim touches',
    '5: process.env is settings, which only the rim touches',
    '6: console is output, which only the rim touches',
    '7: undici is network, which only the rim touches',
    '8: fetch is network, which only the rim touches',
    '9: apps may not import cellar',
  ]);
});

it('keeps files and functions short, named and explained', () => {
  assert.deepEqual(about('src/edge/index.ts'), [
    '1: 401 lines, at most 400',
    '1: a default export',
    '1: the first line says what the file is: // Name: what it does',
  ]);
  assert.deepEqual(about('src/edge/long.ts'), ['4: long has 71 lines, at most 70', '145: x has 71 lines, at most 70']);
  assert.deepEqual(about('src/edge/media-manager.ts'), ['1: "manager" says nothing', '3: a default export']);
  assert.deepEqual(about('src/edge/list.test.ts'), []);
});

it('keeps kinds in their lists', () => {
  assert.deepEqual(about('src/commands/mute.ts'), ['1: is in its list 2 times']);
  assert.deepEqual(about('src/commands/tag.ts'), ['1: is of the kind command, but not in its list']);
  assert.deepEqual(about('src/commands/more.ts'), []);
  assert.deepEqual(about('src/observers/cdr.ts'), [
    '1: nobody imports it',
    '1: is of the kind observer, but its list src/observers/index.ts is not there',
  ]);
});

it('keeps the texts clean', () => {
  assert.deepEqual(about('src/store/index.ts'), [`1: "/${'work'}/s" may not stay`, `1: "${'TO'}${'DO'}" may not stay`]);
  assert.deepEqual(about('src/store/only.test.ts'), [`3: "it${'.only'}`]);
  assert.deepEqual(about('docs/two.md'), ['1: has 2 titles']);
});

it('keeps links and named files true', () => {
  assert.deepEqual(about('docs/links.md'), [
    '3: links to three.md, which is not there',
    '4: links to two.md#three, but docs/two.md has no such heading',
    '4: names src/gone.ts, which is not there',
    '5: links to ../../x.md, which is not there',
    '5: names gone.md, which is not there',
  ]);
});
