// The real program judged by a phone that shares no code with it, over UDP and TCP: audio, digits and live updates.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { File, type Hooks, type Json, openHooks } from '../kit/hooks.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { rmsDb, sineDb, worstDeparture } from '../kit/ua/g711.ts';
import { levelBetween } from '../kit/ua/judge.ts';
import { header } from '../kit/ua/message.ts';
import type { Fate } from '../kit/ua/rtp.ts';
import { sinePcm } from '../kit/ua/sine.ts';
import { Ua, type UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';
import { wavFile } from '../kit/wav.ts';

/** 0 dBm0 is 3.17 dB below the largest u-law sine (ITU-T G.711). */
const dbOfDbm0 = (dbm0: number): number => dbm0 - 3.17;
const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;
const toneDb = dbOfDbm0(-13);
/** Packets of 20 ms that make a stretch worth measuring. */
const stretch = 40;

let program: Program;

before(async () => {
  program = await startProgram();
});
after(() => program.end());

/** A phone and the application that it calls. */
class Peer {
  ua!: Ua;
  hooks!: Hooks;
  readonly #transport: 'udp' | 'tcp';

  constructor(transport: 'udp' | 'tcp') {
    this.#transport = transport;
  }

  async open(): Promise<void> {
    const wav = wavFile(sinePcm({ hz: 440, db: -12, seconds: 1 }), 8_000);
    this.hooks = await openHooks({ '/tone.wav': new File('audio/wav', wav) });
    this.ua = await Ua.open(this.#transport, program.sipPort);
  }

  async close(): Promise<void> {
    this.ua.close();
    await this.hooks.close();
  }

  /** Calls an application that answers so. */
  async call(replies: Hooks['replies']): Promise<UaCall> {
    this.hooks.sent.length = 0;
    Object.assign(this.hooks.replies, replies);
    const answered = await this.ua.call(`app-${await program.application(this.hooks)}`);
    assert.equal(answered.finalStatus, 200, answered.reason);
    return answered;
  }
}

const over = (one: UaCall): Promise<unknown> => until(() => one.byed, { what: 'a BYE' });

function audioTests(peer: Peer): void {
  test('a file arrives at its level and in order, its loops joined without a gap or a click', async () => {
    const one = await peer.call({
      '/': [
        { verb: 'play', url: ['/tone.wav', '/tone.wav'].map((path) => peer.hooks.origin + path), loop: 2 },
        { verb: 'hangup' },
      ],
    });
    await over(one);
    assert.deepEqual(one.rtp.breaks(), []);
    const pcm = one.rtp.pcm();
    // The first milliseconds may fade in.
    const from = pcm.findIndex((sample) => Math.abs(sample) > 500) + 80;
    const heard = pcm.subarray(from, from + 31_600);
    assert.equal(heard.length, 31_600, `4 s of tone in ${pcm.length / 8} ms`);
    assert.ok(Math.abs(sineDb(heard, 440) + 12) < 0.5, `${sineDb(heard, 440)} dB`);
    const worst = worstDeparture(heard, 440);
    assert.ok(worst.share < 0.1, `departs by ${worst.share} at sample ${worst.at}`);
    await peer.hooks.final(one.callSid);
    assert.deepEqual(peer.hooks.statuses(one.callSid), ['trying', 'in-progress', 'completed']);
  });

  test('a tone is as loud as asked', async () => {
    for (const dbm0 of [-7, -13, -30]) {
      const one = await peer.call({
        '/': [{ verb: 'play', url: `tone_stream://v=${dbm0};%(1000,0,1004)` }, { verb: 'hangup' }],
      });
      await over(one);
      const pcm = one.rtp.pcm();
      const from = pcm.findIndex((sample) => Math.abs(sample) > 100);
      const level = sineDb(pcm.subarray(from, from + 7_600), 1004);
      assert.ok(Math.abs(level - dbOfDbm0(dbm0)) < 0.5, `${dbm0} dBm0 came as ${level} dB`);
    }
  });
}

function digitTests(peer: Peer): void {
  for (const [name, fate] of [
    ['as they are', (): Fate => 'sent'],
    ['with 5 % of the packets lost', sometimes('dropped')],
    ['with 5 % of the packets doubled', sometimes('doubled')],
  ] as const) {
    test(`all sixteen digits are heard once, ${name}`, async () => {
      const all = '0123456789*#ABCD';
      const one = await peer.call({
        '/': [
          {
            verb: 'gather',
            actionHook: '/digits',
            numDigits: 19,
            finishOnKey: '',
            timeout: 30,
            interDigitTimeout: 3,
          },
        ],
        '/digits': [{ verb: 'hangup' }],
      });
      one.rtp.fate = fate;
      one.rtp.press(`${all}005`);
      const { digits, reason } = await peer.hooks.wait('/digits');
      assert.deepEqual([digits, reason], [`${all}005`, 'dtmfDetected']);
      await over(one);
    });
  }

  test('digits end a prompt, and finishOnKey ends the gather', async () => {
    const one = await peer.call({
      '/': [{ verb: 'gather', actionHook: '/digits', finishOnKey: '#', maxDigits: 10, play: { url: tone(440) } }],
      '/digits': [{ verb: 'play', url: tone(880) }],
    });
    await until(() => one.rtp.voice().length > stretch, { what: 'the prompt' });
    one.rtp.press('12#');
    assert.equal((await peer.hooks.wait('/digits')).digits, '12');
    const from = one.rtp.received.length;
    await until(() => one.rtp.voice(from).length > stretch, { what: 'the next tone' });
    assert.ok(sineDb(one.rtp.pcm(from + 5), 440) < -60);
    assert.deepEqual(one.rtp.breaks(), []);
    await one.bye();
    assert.equal((await peer.hooks.final(one.callSid)).call_termination_by, 'caller');
  });
}

function holdTests(peer: Peer): void {
  test('hold is answered, keeps the call and is taken back', async () => {
    const one = await peer.call({ '/': [{ verb: 'play', url: tone(440) }] });
    assert.deepEqual(pick(await one.reinvite('sendonly')), [200, 'recvonly']);
    await pause(100);
    const held = one.rtp.received.length;
    await pause(300);
    assert.ok(one.rtp.received.length - held <= 1, 'nothing is sent to a phone that put us on hold');
    assert.deepEqual(pick(await one.reinvite('inactive')), [200, 'inactive']);
    assert.deepEqual(pick(await one.reinvite('sendrecv')), [200, 'sendrecv']);
    await until(() => one.rtp.received.length > held + stretch, { what: 'audio after the hold' });
    assert.ok(Math.abs(levelBetween(one, 440, held + 5) - toneDb) < 0.5);
    assert.equal(await one.bye(), 200);
    await peer.hooks.final(one.callSid);
    assert.deepEqual(peer.hooks.statuses(one.callSid), ['trying', 'in-progress', 'completed']);
  });
}

/** One call that plays 440 Hz and is changed. */
class LiveCall {
  one!: UaCall;
  readonly peer: Peer;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  async begin(): Promise<void> {
    this.one = await this.peer.call({
      '/': [{ verb: 'play', url: tone(440) }],
      '/next': [{ verb: 'play', url: tone(660) }],
    });
    await until(() => this.one.rtp.voice().length > stretch, { what: 'the tone' });
  }

  /** With `wait`, judges that the answer says when it took effect. */
  async update(body: Json, wait = true): Promise<void> {
    const reply = await program.update(this.one.callSid, body, wait);
    assert.equal(reply.status, wait ? 200 : 202, JSON.stringify(reply.body));
    if (wait) assert.equal(typeof (reply.body as Json).applied_ms, 'number', JSON.stringify(reply.body));
  }

  /** Level of a tone in what comes next. */
  async next(hz: number): Promise<number> {
    const { rtp } = this.one;
    const from = rtp.received.length + 3;
    await until(() => rtp.received.length > from + stretch, { what: 'audio' });
    return levelBetween(this.one, hz, from, from + stretch);
  }
}

function soundUpdateTests(live: LiveCall): void {
  test('boostAudioSignal changes the level by what was asked', async () => {
    const plain = await live.next(440);
    assert.ok(Math.abs(plain - toneDb) < 0.5, `${plain} dB`);
    for (const [given, db] of [
      ['-10dB', -10],
      [6, 6],
      ['0', 0],
    ] as const) {
      await live.update({ boostAudioSignal: given });
      const level = await live.next(440);
      assert.ok(Math.abs(level - plain - db) < 0.5, `${given}: ${level - plain} dB`);
    }
    assert.equal((await program.update(live.one.callSid, { boostAudioSignal: 'loud' })).status, 400);
  });

  test('whisper is heard over the prompt, which goes on afterwards', async () => {
    await live.update({ whisper: { verb: 'play', url: tone(880, 1_500) } });
    assert.ok(Math.abs((await live.next(880)) - toneDb) < 0.5);
    await pause(1_000);
    const after = await live.next(440);
    assert.ok(Math.abs(after - toneDb) < 0.5, `${after} dB`);
  });
}

function signalUpdateTests(live: LiveCall): void {
  test('dtmf arrives as RFC 4733 events', async () => {
    const before = live.one.rtp.digits.length;
    await live.update({ dtmf: { digit: '5#', duration: 120 } });
    await until(() => live.one.rtp.digits.length >= before + 2, { what: 'two digits' });
    await pause(200);
    assert.deepEqual(live.one.rtp.digits.slice(before), ['5', '#']);
  });

  test('sip_request arrives in the dialog and brings back the answer', async () => {
    const reply = await program.update(live.one.callSid, {
      sip_request: {
        method: 'INFO',
        content_type: 'text/plain',
        content: 'hello',
        headers: { 'X-Color': 'blue' },
      },
    });
    assert.deepEqual([reply.status, (reply.body as Json).status], [200, 200]);
    const info = live.one.requests.find((request) => request.start.startsWith('INFO'));
    assert.deepEqual([info?.body, header(info!, 'X-Color')], ['hello', 'blue']);
  });

  test('tag is in later payloads; mute is taken and given back; an unknown call is 404', async () => {
    await live.update({ tag: { order: 7 } }, false);
    await live.update({ mute_status: 'mute' });
    await live.update({ mute_status: 'unmute' });
    assert.equal((await program.update('11111111-2222-4333-8444-555555555555', { mute_status: 'mute' })).status, 404);
  });
}

function lastUpdateTests(live: LiveCall): void {
  test('call_hook replaces what is playing without a break in the stream', async () => {
    await live.update({ call_hook: `${live.peer.hooks.origin}/next` });
    assert.ok(Math.abs((await live.next(660)) - toneDb) < 0.5);
    assert.deepEqual(
      live.peer.hooks.sentTo('/next').map((body) => body.customerData),
      [{ order: 7 }],
    );
    assert.deepEqual(live.one.rtp.breaks(), []);
  });

  test('call_status completed hangs up; then an update is 422', async () => {
    await live.update({ call_status: 'completed' }, false);
    await over(live.one);
    const final = await live.peer.hooks.final(live.one.callSid);
    assert.deepEqual(
      [final.call_status, final.call_termination_by, final.customerData],
      ['completed', 'jambonz', { order: 7 }],
    );
    assert.deepEqual(live.peer.hooks.statuses(live.one.callSid), ['trying', 'in-progress', 'completed']);
    assert.equal((await program.update(live.one.callSid, { mute_status: 'mute' })).status, 422);
    const silent = live.one.rtp.received.length;
    await pause(200);
    assert.equal(live.one.rtp.received.length, silent, 'audio after BYE');
  });
}

function demoTests(peer: Peer): void {
  test('the demo speaks to any phone, and obeys its keys', async () => {
    const one = await peer.ua.call('demo');
    await until(() => one.rtp.voice().length > 100, { what: 'two seconds of the demo' });
    assert.ok(rmsDb(one.rtp.pcm()) > -45, `${rmsDb(one.rtp.pcm())} dB`);
    // Keys count while it asks for one.
    const pressing = setInterval(() => one.rtp.press('9'), 1_000);
    await until(() => one.byed, { what: 'a BYE' });
    clearInterval(pressing);
    assert.deepEqual(one.rtp.breaks(), []);
  });
}

const pick = ({ status, direction }: { status: number; direction: string }): [number, string] => [status, direction];

/** One packet in twenty, from a generator that gives the same ones every time (Lehmer 1951). */
function sometimes(fate: Fate): () => Fate {
  let state = 42;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state % 20 === 0 ? fate : 'sent';
  };
}

describe('a phone of its own', { concurrency: 2 }, () => {
  for (const transport of ['udp', 'tcp'] as const) {
    describe(`over ${transport}`, { concurrency: 1 }, () => {
      const peer = new Peer(transport);
      before(() => peer.open());
      after(() => peer.close());
      audioTests(peer);
      digitTests(peer);
      holdTests(peer);
      describe('live updates', () => {
        const live = new LiveCall(peer);
        before(() => live.begin());
        soundUpdateTests(live);
        signalUpdateTests(live);
        lastUpdateTests(live);
      });
      demoTests(peer);
    });
  }
});
