// The real program from a clean clone, as somebody new starts it: one npm command installs, seeds and serves; a signal to npm ends it all.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHooks } from '../kit/hooks.ts';
import { Program, root } from '../kit/program.ts';
import { folderFor, liveCall, newCopies, readLine, stopped } from '../kit/start-and-stop.ts';
import { until } from '../kit/until.ts';

const readyKeys = [
  'http',
  'sip',
  'account_sid',
  'account_api_key',
  'service_provider_sid',
  'sp_api_key',
  'admin_api_key',
  'sip_realm',
];
/** What a start of the installed program may take here; it promises 3 s on a machine that does nothing else. */
const busyStartMs = 10_000;

/** Installing takes half a minute where npm has all packages at hand; a bare machine fetches them. */
const installMs = 240_000;

test('starts from a clean clone by npm, as root too, and a signal to npm ends all of it', async (t) => {
  const hooks = await openHooks({ '/': [{ verb: 'play', url: 'tone_stream://%(60000,0,440)' }] });
  t.after(() => hooks.close());
  const folder = folderFor(t);
  const clone = join(folder, 'crosspoint');
  cloneInto(clone);
  const users = readFileSync('/etc/passwd', 'utf8');
  const start = async (): Promise<{ program: Program; ms: number }> => {
    const from = performance.now();
    const program = new Program({
      cwd: clone,
      dataDir: join(clone, '.crosspoint'),
      command: ['npm', 'run', '-s', 'up', '--', '--json'],
    });
    t.after(program.kill);
    await program.started(installMs);
    return { program, ms: Math.round(performance.now() - from) };
  };
  const first = await start();
  t.diagnostic(`npm run up, clean clone, installed and ready: ${first.ms} ms`);
  const { sip_realm, ...keys } = readLine(first.program.stdout);
  assert.deepEqual(Object.keys({ ...keys, sip_realm }), readyKeys);
  const { ua, call } = await liveCall(first.program, hooks);
  const ended = await stopped(first.program);
  t.diagnostic(`stopped with a live call after SIGTERM to npm: ${Math.round(ended.ms)} ms`);
  await until(() => call.byed, { what: 'a BYE' });
  ua.close();
  assert.equal((await hooks.final(call.callSid)).call_status, 'completed');
  const second = await start();
  t.diagnostic(`npm run up, installed: ready after ${second.ms} ms`);
  assert.ok(second.ms < busyStartMs, `ready after ${second.ms} ms`);
  const again = readLine(second.program.stdout);
  assert.deepEqual({ ...again, http: keys.http, sip: keys.sip }, { ...keys, sip_realm });
  await stopped(second.program);
  assert.equal(readFileSync('/etc/passwd', 'utf8'), users);
  assert.deepEqual(newCopies(), []);
});

/** What a clone of this checkout would hold, with what is not committed yet. */
function cloneInto(folder: string): void {
  // Files that are tracked but were deleted, and links to folders, are left out.
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = list.toString().split('\0').filter(Boolean);
  for (const file of files)
    if (statSync(join(root, file), { throwIfNoEntry: false })?.isFile()) cpSync(join(root, file), join(folder, file));
}
