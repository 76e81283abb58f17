// The real program and SIPp, over UDP and TCP: called by it and calling it, every answer and every ending with its status.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Hooks, type Json, openHooks } from '../kit/hooks.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { runSipp, type SippOptions, startSipp } from '../kit/sipp.ts';
import { until } from '../kit/until.ts';

const tone = (ms: number): Json => ({ verb: 'play', url: `tone_stream://%(${ms},0,440)` });
const completed = ['trying', 'in-progress', 'completed'];

/** What applications answer, by the path of their hook. */
const replies: Hooks['replies'] = {
  '/long': [tone(60_000)],
  '/short': [tone(500), { verb: 'hangup' }],
  '/digits': [{ verb: 'gather', actionHook: '/pressed', numDigits: 3, timeout: 15 }],
  '/pressed': [{ verb: 'hangup' }],
  '/waits': [{ verb: 'pause', length: 30 }],
};

let program: Program;
let hooks: Hooks;
const applications: Record<string, string> = {};

before(async () => {
  hooks = await openHooks(replies);
  program = await startProgram();
  for (const path of ['/long', '/short', '/digits', '/waits'])
    applications[path] = await program.application(hooks, { call_hook: { url: hooks.origin + path, method: 'POST' } });
});
after(async () => {
  await hooks.close();
  await program.end();
});

async function runs(scenario: string, path: string | undefined, more: Partial<SippOptions> = {}): Promise<void> {
  const user = path === undefined ? 'nobody' : `app-${applications[path]}`;
  const run = await runSipp({ scenario, target: { port: program.sipPort, user }, ...more });
  assert.equal(run.code, 0, run.said);
}

/** The calls that reached an application since, in order. */
const callsOf = (path: string, since: number): string[] =>
  hooks.sent.slice(since).flatMap((one) => (one.path === path ? [String(one.body.call_sid)] : []));

async function statusesOf(path: string, since: number): Promise<string[]> {
  const [callSid] = callsOf(path, since);
  await hooks.final(callSid);
  return hooks.statuses(callSid);
}

for (const transport of ['udp', 'tcp'] as const) {
  describe(`called by SIPp over ${transport}`, { concurrency: false }, () => {
    for (const { title, scenario, path, statuses, keys } of [
      { title: 'it hangs up', scenario: 'uac-bye', path: '/long', statuses: completed, keys: { wait: '400' } },
      { title: 'we hang up', scenario: 'uac-byed', path: '/short', statuses: completed },
      { title: 'a late offer', scenario: 'uac-late-offer', path: '/short', statuses: completed },
      { title: 'holds and takes back', scenario: 'uac-hold', path: '/long', statuses: completed },
      {
        title: 'gives up before the answer',
        scenario: 'uac-cancel',
        path: '/waits',
        statuses: ['trying', 'no-answer'],
      },
    ] as { title: string; scenario: string; path: string; statuses: string[]; keys?: Record<string, string> }[]) {
      test(title, async () => {
        const since = hooks.sent.length;
        await runs(scenario, path, { transport, ...(keys && { keys }) });
        assert.deepEqual(await statusesOf(path, since), statuses);
      });
    }

    test('digits by INFO', async () => {
      const since = hooks.sent.length;
      await runs('uac-info', '/digits', { transport });
      assert.deepEqual(await statusesOf('/digits', since), completed);
      const [callSid] = callsOf('/digits', since);
      assert.deepEqual(
        hooks.sentTo('/pressed', callSid).map((body) => body.digits),
        ['45#'],
      );
    });

    test('what cannot be served is refused with the right status, in and out of dialogs', async () => {
      const since = hooks.sent.length;
      await Promise.all([
        runs('uac-wrong-codec', '/long', { transport }),
        runs('uac-unknown-user', undefined, { transport }),
        runs('uac-options', undefined, { transport }),
        runs('uac-strange-method', undefined, { transport }),
        runs('uac-stray-bye', undefined, { transport }),
      ]);
      assert.ok(hooks.sent.slice(since).every((one) => one.body.call_status !== 'in-progress'));
    });
  });
}

describe('called by SIPp', () => {
  // SIPp sends recorded packets over a raw socket.
  test('digits from recordings of RFC 4733', {
    skip: process.getuid?.() !== 0 && 'SIPp must be root for this',
  }, async () => {
    const since = hooks.sent.length;
    await runs('uac-digits', '/digits');
    const [callSid] = callsOf('/digits', since);
    await hooks.final(callSid);
    assert.deepEqual(
      hooks.sentTo('/pressed', callSid).map((body) => body.digits),
      ['123'],
    );
  });

  test('the demo answers', () =>
    runs('uac-bye', '/long', { target: { port: program.sipPort, user: 'demo' }, keys: { wait: '300' } }));

  test('200 calls, 20 a second, all answered and ended once', async () => {
    const since = hooks.sent.length;
    await runs('uac-bye', '/long', { calls: 200, perSecond: 20, keys: { wait: '1000' } });
    const finals = (): Json[] =>
      hooks.sent.slice(since).flatMap((one) => (one.body.call_status === 'completed' ? [one.body] : []));
    await until(() => finals().length >= 200, { what: () => `200 final statuses, got ${finals().length}` });
    const calls = callsOf('/long', since);
    assert.equal(calls.length, 200);
    assert.deepEqual(
      calls.map((callSid) => hooks.statuses(callSid).join()).filter((statuses) => statuses !== completed.join()),
      [],
    );
    assert.deepEqual(await program.api('GET', `/Accounts/${program.ready.account_sid}/CallCount`), {
      status: 200,
      body: { inbound: 0, outbound: 0 },
    });
  });
});

describe('calling SIPp', () => {
  const place = async (scenario: string, more: Json = {}, options: Partial<SippOptions> = {}): Promise<Json> => {
    const sipp = await startSipp({ scenario, ...options });
    const transport = options.transport === 'tcp' ? ';transport=tcp' : '';
    const callSid = await program.place({
      to: { type: 'sip', sipUri: `sip:sipp@127.0.0.1:${sipp.port}${transport}` },
      application_sid: applications['/short'],
      ...more,
    });
    const run = await sipp.done;
    assert.equal(run.code, 0, run.said);
    const final = await hooks.final(callSid);
    return { ...final, statuses: hooks.statuses(callSid), began: hooks.sentTo('/short', callSid).length };
  };

  for (const transport of ['udp', 'tcp'] as const) {
    test(`answered over ${transport}: the application runs and hangs up`, async () => {
      const { statuses, began, call_termination_by } = await place('uas-answer', {}, { transport });
      assert.deepEqual(statuses, ['trying', 'ringing', 'in-progress', 'completed']);
      assert.deepEqual([began, call_termination_by], [1, 'jambonz']);
    });
  }

  test('early media, then an answer, then it hangs up', async () => {
    const { statuses, call_termination_by } = await place('uas-early', { application_sid: applications['/long'] });
    assert.deepEqual(
      [statuses, call_termination_by],
      [['trying', 'early-media', 'in-progress', 'completed'], 'caller'],
    );
  });

  for (const [status, reason, expected] of [
    [486, 'Busy Here', 'busy'],
    [603, 'Decline', 'busy'],
    [404, 'Not Found', 'failed'],
    [503, 'Service Unavailable', 'failed'],
  ] as const) {
    test(`${status} ${reason} is ${expected}, once`, async () => {
      const final = await place(
        'uas-refuse',
        {},
        { keys: { status: String(status), reason, contact: 'sip:nobody@127.0.0.1' } },
      );
      assert.deepEqual(final.statuses, ['trying', expected]);
      assert.deepEqual([final.sip_status, final.sip_reason, final.began], [status, reason, 0]);
    });
  }

  test('302 is followed to where it points', async () => {
    const elsewhere = await startSipp({ scenario: 'uas-answer' });
    const contact = `sip:elsewhere@127.0.0.1:${elsewhere.port}`;
    const final = await place('uas-refuse', {}, { keys: { status: '302', reason: 'Moved Temporarily', contact } });
    const run = await elsewhere.done;
    assert.equal(run.code, 0, run.said);
    assert.deepEqual(final.statuses, ['trying', 'ringing', 'in-progress', 'completed']);
  });

  test('nobody answers in time: cancelled, no-answer, once', async () => {
    const final = await place('uas-ring', { timeout: 1 });
    assert.deepEqual([final.statuses, final.sip_status], [['trying', 'ringing', 'no-answer'], 487]);
  });
});
