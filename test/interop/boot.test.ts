// Starting and stopping the real program: what it says and weighs, beside another, badly set, killed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Hooks, openHooks } from '../kit/hooks.ts';
import { alive, pssMb } from '../kit/processes.ts';
import { Program, startProgram } from '../kit/program.ts';
import { folderFor, liveCall, newCopies, readLine, saidTo, stopped } from '../kit/start-and-stop.ts';
import { pause, until } from '../kit/until.ts';

/** What the program promises to weigh at rest. */
const restMb = 250;
describe('the program', () => {
  let hooks: Hooks;
  before(async () => {
    hooks = await openHooks({ '/': [{ verb: 'play', url: 'tone_stream://%(60000,0,440)' }] });
  });
  after(() => hooks.close());

  test('says where it is, keeps its keys to itself, and rests lightly', async (t) => {
    const folder = folderFor(t);
    const dataDir = join(folder, 'data');
    const from = performance.now();
    const program = await startProgram({ dataDir });
    t.after(program.kill);
    t.diagnostic(`first start, installed: ready after ${Math.round(performance.now() - from)} ms`);
    const ready = readLine(program.stdout);
    assert.match(ready.http, /^http:\/\/127\.0\.0\.1:\d+$/);
    for (const address of [ready.sip.udp, ready.sip.tcp]) assert.match(address, /^127\.0\.0\.1:\d+$/);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    assert.equal(statSync(join(dataDir, 'keys.json')).mode & 0o777, 0o600);
    assert.equal((await program.api('GET', '/Accounts', undefined, ready.admin_api_key)).status, 200);
    assert.equal((await program.api('GET', '/Applications', undefined, 'nobody')).status, 401);
    await pause(1_000);
    const weights = program.processes().map((one) => ({ ...one, mb: pssMb(one) }));
    const total = weights.reduce((sum, { mb }) => sum + mb, 0);
    for (const { mb, command } of weights) t.diagnostic(`${mb.toFixed(1)} MB  ${command.slice(0, 70)}`);
    t.diagnostic(`at rest: ${total.toFixed(0)} MB PSS in ${weights.length} processes`);
    assert.ok(total < restMb, `${total} MB`);
    const ended = await stopped(program);
    t.diagnostic(`stopped after ${Math.round(ended.ms)} ms`);
    assert.equal(readLine(program.stdout).http, ready.http);
  });

  test('runs beside another, and hangs up politely on SIGTERM', async (t) => {
    const [one, other] = await Promise.all([startProgram(), startProgram()]);
    t.after(one!.kill);
    t.after(other!.kill);
    assert.notEqual(one!.ready.account_sid, other!.ready.account_sid);
    const { ua, call } = await liveCall(one!, hooks);
    const beside = await liveCall(other!, hooks);
    const ended = await stopped(one!);
    t.diagnostic(`stopped with a live call: ${Math.round(ended.ms)} ms`);
    await until(() => call.byed, { what: 'a BYE' });
    assert.deepEqual((await hooks.final(call.callSid)).call_termination_by, 'jambonz');
    assert.deepEqual(hooks.statuses(call.callSid), ['trying', 'in-progress', 'completed']);
    const heard = beside.call.rtp.received.length;
    await until(() => beside.call.rtp.received.length > heard + 20, { what: 'audio of the other server' });
    assert.deepEqual(beside.call.rtp.breaks(), []);
    assert.equal(await beside.call.bye(), 200);
    ua.close();
    beside.ua.close();
    one!.removeData();
    await other!.end();
  });

  test('leaves nothing behind when it is killed, and starts again', async (t) => {
    const dataDir = join(folderFor(t), 'data');
    const program = await startProgram({ dataDir });
    t.after(program.kill);
    const { ua } = await liveCall(program, hooks);
    const [, ...children] = program.processes();
    assert.ok(children.length >= 2, JSON.stringify(children));
    const from = performance.now();
    await program.stop('SIGKILL');
    ua.close();
    const again = await startProgram({ dataDir });
    t.after(again.kill);
    await until(() => !children.some(alive), { what: () => `the end of ${JSON.stringify(children.filter(alive))}` });
    t.diagnostic(`killed, children gone and ready again after ${Math.round(performance.now() - from)} ms`);
    assert.deepEqual(again.ready.account_api_key, program.ready.account_api_key);
    await stopped(again);
    assert.deepEqual(newCopies(), []);
  });

  test('its children end by themselves when it is killed', async (t) => {
    const program = await startProgram({ dataDir: join(folderFor(t), 'data') });
    const [, ...children] = program.processes();
    await program.stop('SIGKILL');
    await until(() => !children.some(alive), { what: () => `the end of ${JSON.stringify(children.filter(alive))}` });
  });

  test('a bad setting is one clear line and exit code 2', async () => {
    for (const env of [
      { CROSSPOINT_HTTP_PORT: 'many' },
      { CROSSPOINT_SIP_PROT: '5060' },
      { CROSSPOINT_RTP_PORT_MIN: '20000', CROSSPOINT_RTP_PORT_MAX: '10000' },
    ] as Record<string, string>[]) {
      const program = new Program({ env });
      const ended = await program.exit();
      assert.deepEqual([ended.code, program.stdout, program.stderr.split('\n').length], [2, '', 2], program.stderr);
      assert.ok(program.stderr.includes(Object.keys(env)[0]!), program.stderr);
      program.removeData();
    }
  });

  test('a port that is taken, data that is in use, or a data folder that cannot be made, is one clear line and exit code 1; nothing is left', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const running = await startProgram();
    for (const { env, dataDir, says } of [
      { env: { CROSSPOINT_HTTP_PORT: port }, says: port },
      { env: { CROSSPOINT_SIP_PORT: port }, says: port },
      { env: {}, dataDir: running.dataDir, says: running.dataDir },
      { env: {}, dataDir: '/dev/null/data', says: '/dev/null/data' },
    ]) {
      const program = new Program({ env, ...(dataDir !== undefined && { dataDir }) });
      const processes = program.processes();
      const ended = await program.exit();
      assert.deepEqual([ended.code, program.stdout, saidTo(program.stderr).length], [1, '', 1], program.stderr);
      assert.ok(saidTo(program.stderr)[0]!.includes(says), program.stderr);
      assert.deepEqual(processes.filter(alive), []);
      program.removeData();
    }
    taken.close();
    await running.end();
    assert.deepEqual(newCopies(), []);
  });
});
