// npm run demo: a scripted caller in this program calls the demo over real SIP and RTP on loopback and is updated live; the call's time line is printed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelDbov, toneLevelDbov } from '../audio/index.ts';
import { isRefusal, realClock, realRandom, silentLog, sleep } from '../base/index.ts';
import { realNetwork } from '../base/net/index.ts';
import { type Config, readConfig } from '../config.ts';
import { explain } from '../observers/index.ts';
import { openPhone, type PhoneCall } from '../rehearsal/phone.ts';
import { type Server, startServer } from '../server.ts';
import { memoryRecords } from '../store/index.ts';
import { demoOrigin } from './application.ts';

export type Out = (line: string) => void;

/** Runs the demo; resolves with the process's exit code. */
export async function runDemo(out: Out): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'crosspoint-demo-'));
  const clock = realClock();
  const random = realRandom();
  const server = await startServer({
    config: demoConfig(dataDir),
    clock,
    random,
    log: silentLog,
    records: memoryRecords(),
  });
  const network = realNetwork({ clock });
  const phone = await openPhone({ clock, random, network, host: '127.0.0.1', user: 'newcomer' });
  try {
    out('A phone in this program calls sip:demo over SIP and RTP on loopback. Nothing leaves the machine.');
    out('');
    const timeline = new Timeline(server, out);
    const call = await phone.call(`sip:demo@127.0.0.1:${server.house.sip.udp.port}`);
    const status = await call.answered;
    if (status !== 200) throw new Error(`the demo was not answered: ${status}`);
    await script(server, call, timeline);
    await call.over;
    await sleep(clock, 300);
    return 0;
  } finally {
    await phone.close();
    await server.stop();
    await network.close();
    await rm(dataDir, { recursive: true, force: true });
    out('');
    out('That was the main job. `npm run up` starts the server; call sip:demo with a phone of your own.');
  }
}

/** What the caller and the operator do. */
async function script(server: Server, call: PhoneCall, timeline: Timeline): Promise<void> {
  const clock = realClock();
  const pause = (ms: number) => sleep(clock, ms);
  await pause(2_600);
  timeline.heard(call, 2_400);
  timeline.say('operator: PUT {"whisper": say "Hello from outside."}');
  await update(server, { whisper: { verb: 'say', text: 'Hello from outside.' } }, timeline);
  await pause(1_600);
  timeline.heard(call, 1_200);
  timeline.say('operator: PUT {"mute_status": "mute"}, and back');
  await update(server, { mute_status: 'mute' }, timeline);
  await pause(300);
  await update(server, { mute_status: 'unmute' }, timeline);
  timeline.say('caller: presses 1');
  call.press('1');
  await pause(900);
  timeline.heard(call, 600, 440);
  timeline.say('operator: PUT {"call_hook": ".../redirected"}');
  await update(server, { call_hook: `${demoOrigin}/redirected` }, timeline);
  await pause(1_700);
  timeline.heard(call, 1_200);
  timeline.say('operator: PUT {"call_status": "completed"}');
  await update(server, { call_status: 'completed' }, timeline);
}

async function update(server: Server, body: Record<string, unknown>, timeline: Timeline): Promise<void> {
  const { account_sid } = server.seed.keys;
  const outcome = await server.house.calls.update(account_sid, timeline.callSid, body, { wait: false });
  timeline.say(isRefusal(outcome) ? `  refused: ${outcome.reason}` : `  ${outcome.status} Accepted`);
}

/** Prints what happens, with the time since the call began. */
class Timeline {
  callSid = '';
  #startedAt = 0;

  readonly #out: Out;

  constructor(server: Server, out: Out) {
    this.#out = out;
    const seen = new Set([
      'digit',
      'status',
      'verb-started',
      'play-started',
      'speech-synthesized',
      'hook-answered',
      'effect',
      'media',
      'created',
      'ended',
      'error',
    ]);
    server.observe((call, event) => {
      if (this.callSid === '') {
        this.callSid = call.sid;
        this.#startedAt = event.at;
      }
      if (seen.has(event.type)) this.#print(event.at, `  ${explain(event)}`);
    });
  }

  say(text: string): void {
    this.#print(realClock().now(), text);
  }

  /** What the caller's ear measured over the last `ms`. */
  heard(call: PhoneCall, ms: number, hz?: number): void {
    const now = realClock().now();
    const pcm = call.audio.between(now - ms, now);
    const level = hz === undefined ? levelDbov(pcm) : toneLevelDbov(pcm, hz, 8_000);
    this.#print(now, `caller: heard ${hz === undefined ? 'sound' : `${hz} Hz`} at ${level.toFixed(1)} dBov`);
  }

  #print(at: number, text: string): void {
    this.#out(`${(Math.max(0, at - this.#startedAt) / 1000).toFixed(3).padStart(7)} s  ${text}`);
  }
}

function demoConfig(dataDir: string): Config {
  const any = {
    CROSSPOINT_HTTP_PORT: '0',
    CROSSPOINT_SIP_PORT: '0',
    CROSSPOINT_RTP_PORT_MIN: '0',
    CROSSPOINT_RTP_PORT_MAX: '0',
  };
  const config = readConfig(
    { ...any, CROSSPOINT_DATA_DIR: dataDir, CROSSPOINT_DEV: '1', CROSSPOINT_MEDIA_WORKERS: '1' },
    [],
  );
  if (isRefusal(config)) throw new Error(config.reason);
  return config;
}
