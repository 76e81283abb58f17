// The SIP stack against SIPp, over UDP and TCP, called by it and calling it: hundreds of calls, no unexpected message.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Network, realClock, realRandom, silentLog, sleep } from '../../src/base/index.ts';
import { realNetwork } from '../../src/base/net/index.ts';
import { createSipStack, type SipStack } from '../../src/sip/index.ts';

const clock = realClock();
const session = {
  contentType: 'application/sdp',
  content: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n',
};
/** SIPp's uas waits 4 s after each call, and the machine may be busy. */
const PATIENCE_MS = 60_000;

let network: Network;
let stack: SipStack;
let folder: string;
const running = new Set<ChildProcess>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sipp-stack-'));
  network = realNetwork({ clock });
  stack = createSipStack({
    clock,
    random: realRandom(),
    network,
    log: silentLog,
    bind: { host: '127.0.0.1', port: 0 },
    userAgent: 'crosspoint',
  });
  await stack.start();
});

after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await stack.close();
  await network.close();
  await rm(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

interface Sipp {
  port: number;
  /** Resolves when every call succeeded, rejects with SIPp's error log. */
  done: Promise<void>;
}

async function sipp(name: string, args: string[]): Promise<Sipp> {
  const port = await freePort();
  const errors = join(folder, `${name}.errors`);
  const usual = ['-i', '127.0.0.1', '-p', String(port), '-nostdin', '-trace_err', '-error_file', errors];
  const child = spawn('sipp', [...args, ...usual, '-timeout', `${PATIENCE_MS / 1000}s`, '-timeout_error'], {
    cwd: folder,
    stdio: 'ignore',
  });
  running.add(child);
  const done = once(child, 'exit').then(async ([code]) => {
    running.delete(child);
    const text = await readFile(errors, 'utf8').catch(() => '');
    assert.equal(code, 0, `sipp ended with ${code}: ${text.slice(0, 4000)}`);
    assert.equal(text, '', 'sipp saw something unexpected');
  });
  return { port, done };
}

const transports = [
  { name: 'udp', flag: 'u1', suffix: '' },
  { name: 'tcp', flag: 't1', suffix: ';transport=tcp' },
] as const;

for (const { name, flag, suffix } of transports) {
  test(`SIPp calls us over ${name}: 300 calls`, { timeout: PATIENCE_MS }, async () => {
    let [calls, acks, ends] = [0, 0, 0];
    stack.onInvite = (invite) => {
      calls++;
      invite.progress(180);
      const dialog = invite.accept({ body: session });
      dialog.onAck = () => {
        acks++;
      };
      dialog.onEnd = (end) => {
        if (end.by === 'remote') ends++;
      };
    };
    const target = `127.0.0.1:${stack.udp.port}`;
    const { done } = await sipp(`uac-${name}`, [
      '-sn',
      'uac',
      target,
      '-t',
      flag,
      '-m',
      '300',
      '-r',
      '100',
      '-d',
      '200',
    ]);
    await done;
    assert.deepEqual([calls, acks, ends], [300, 300, 300]);
    assert.equal(stack.stats().bad, 0);
    assert.equal(stack.stats().dialogs, 0);
  });

  test(`we call SIPp over ${name}: 200 calls`, { timeout: PATIENCE_MS }, async () => {
    const uas = await sipp(`uas-${name}`, ['-sn', 'uas', '-t', flag, '-m', '200']);
    await sleep(clock, 500);
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const call = async (): Promise<void> => {
      const out = stack.invite({
        uri: `sip:sipp@127.0.0.1:${uas.port}${suffix}`,
        from: { uri: 'sip:us@127.0.0.1' },
        body: session,
      });
      out.onProvisional = (response) => count(String(response.status));
      await new Promise<void>((resolve) => {
        out.onFailure = () => resolve(count('failed'));
        out.onAnswer = async (dialog) => {
          count('answered');
          await sleep(clock, 100);
          await dialog.bye();
          resolve();
        };
      });
    };
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 200; i++) {
      calls.push(call());
      await sleep(clock, 10);
    }
    await Promise.all(calls);
    assert.deepEqual(Object.fromEntries(outcomes), { '180': 200, answered: 200 });
    await uas.done;
  });

  for (const scenario of ['cancel', 'reinvite', 'update', 'late']) {
    test(`SIPp's ${scenario} scenario over ${name}: 50 calls`, { timeout: PATIENCE_MS }, async () => {
      stack.onInvite = (invite) => {
        invite.progress(180);
        if (scenario === 'cancel') return;
        const dialog = invite.accept({ body: session });
        dialog.onReinvite = (reinvite) => reinvite.accept({ body: session });
        dialog.onRequest = (request) => request.respond(200);
      };
      const file = join(folder, `${scenario}.xml`);
      await writeFile(file, scenarios[scenario]!);
      const target = `127.0.0.1:${stack.udp.port}`;
      const { done } = await sipp(`${scenario}-${name}`, ['-sf', file, target, '-t', flag, '-m', '50', '-r', '50']);
      await done;
      assert.equal(stack.stats().dialogs, 0);
    });
  }
}

// SIPp scenarios, put together from their messages.

const offer = `v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0`;

interface Said {
  method: string;
  cseq: number;
  body?: boolean;
  /** Takes the branch of the message before. */
  sameBranch?: boolean;
  /** To as it came in the responses. */
  inDialog?: boolean;
}

function send({ method, cseq, body = false, sameBranch = false, inDialog = true }: Said): string {
  const via = sameBranch ? '[last_Via:]' : 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport';
  const repeat = method === 'ACK' ? '' : ' retrans="500"';
  const target = inDialog && !sameBranch ? '[next_url]' : 'sip:[service]@[remote_ip]:[remote_port]';
  return `<send${repeat}><![CDATA[
${method} ${target} SIP/2.0
${via}
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]s[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>${inDialog ? '[peer_tag_param]' : ''}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
${body ? `Content-Type: application/sdp\nContent-Length: [len]\n\n${offer}` : 'Content-Length: 0\n'}
]]></send>`;
}

const hears = (status: number, more = ''): string => `<recv response="${status}" ${more}/>`;
const scenario = (...steps: string[]): string =>
  `<?xml version="1.0" encoding="ISO-8859-1"?><scenario name="x">${steps.join('\n')}</scenario>`;

const answered = [hears(100, 'optional="true"'), hears(180, 'optional="true"'), hears(200, 'rrs="true"')];
const opening = (body: boolean): string[] => [
  send({ method: 'INVITE', cseq: 1, body, inDialog: false }),
  ...answered,
  send({ method: 'ACK', cseq: 1, body: !body }),
];
const closing = (cseq: number): string[] => [send({ method: 'BYE', cseq }), hears(200)];

const scenarios: Record<string, string> = {
  cancel: scenario(
    send({ method: 'INVITE', cseq: 1, body: true, inDialog: false }),
    hears(100, 'optional="true"'),
    hears(180),
    send({ method: 'CANCEL', cseq: 1, sameBranch: true, inDialog: false }),
    hears(200),
    hears(487),
    send({ method: 'ACK', cseq: 1, sameBranch: true }),
  ),
  reinvite: scenario(
    ...opening(true),
    send({ method: 'INVITE', cseq: 2, body: true }),
    hears(100, 'optional="true"'),
    hears(200, 'rrs="true"'),
    send({ method: 'ACK', cseq: 2 }),
    ...closing(3),
  ),
  update: scenario(
    ...opening(true),
    send({ method: 'UPDATE', cseq: 2, body: true }),
    hears(200),
    send({ method: 'INFO', cseq: 3 }),
    hears(200),
    ...closing(4),
  ),
  late: scenario(...opening(false), ...closing(2)),
};

test('nothing of all these calls is left', async () => {
  assert.equal(stack.stats().dialogs, 0);
  assert.equal(stack.stats().bad, 0);
  assert.deepEqual(
    (await readdir(folder)).filter((one) => one.endsWith('.errors')),
    [],
  );
});
