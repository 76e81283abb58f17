// baresip, a real phone without a screen: steered over its control socket, speaking from a file and keeping what it hears in one.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from './free-port.ts';
import { sinePcm } from './ua/sine.ts';
import { pause, until } from './until.ts';
import { wavFile } from './wav.ts';

export interface BaresipOptions {
  transport: 'udp' | 'tcp';
  codec: 'PCMU' | 'PCMA' | 'G722';
}

interface BaresipEvent {
  type?: string;
  param?: string;
  rtcp_stats?: { rx: { lost: number }; tx: { lost: number } };
}

/** Where Debian and others put its modules. */
const moduleFolders = ['/usr/lib/baresip/modules', '/usr/lib64/baresip/modules', '/usr/local/lib/baresip/modules'];

const settings = (s: { sip: number; control: number; folder: string; rate: number; modules: string }): string => `
poll_method epoll
sip_listen 127.0.0.1:${s.sip}
net_interface 127.0.0.1
call_max_calls 4
audio_source aufile,${s.folder}/speech.wav
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate ${s.rate}
auplay_srate ${s.rate}
module_path ${s.modules}
module g722.so
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${s.control}
snd_path ${s.folder}/heard
`;

export class Baresip {
  readonly events: BaresipEvent[] = [];
  /** What it printed. */
  said = '';
  /** Samples a second that it speaks and hears. */
  readonly rate: number;
  readonly uri: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #control: Socket | undefined;

  private constructor(options: BaresipOptions & { sip: number; control: number }) {
    this.#folder = mkdtempSync(join(tmpdir(), 'crosspoint-baresip-'));
    this.rate = options.codec === 'G722' ? 16_000 : 8_000;
    const transport = `;transport=${options.transport}`;
    this.uri = `sip:tester@127.0.0.1:${options.sip}${transport}`;
    const folder = this.#folder;
    mkdirSync(join(folder, 'heard'));
    const modules = moduleFolders.find((one) => existsSync(one)) ?? dirname(moduleFolders[0]!);
    writeFileSync(join(folder, 'config'), settings({ ...options, folder, rate: this.rate, modules }));
    const codec = `${options.codec}/${this.rate}/1`;
    writeFileSync(
      join(folder, 'accounts'),
      `<sip:tester@127.0.0.1${transport}>;regint=0;answermode=auto;audio_codecs=${codec}\n`,
    );
    writeFileSync(join(folder, 'contacts'), '');
    const speech = sinePcm({ hz: 600, db: -12, seconds: 30, rate: this.rate });
    writeFileSync(join(folder, 'speech.wav'), wavFile(speech, this.rate));
    this.#child = spawn('baresip', ['-f', folder], { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        // Its counters, eight times a second, say nothing here.
        this.said = (this.said + text.replace(/\[\d+:\d+:\d+\] audio=\S+ \(bit\/s\)\s*/g, '')).slice(-8_000);
      });
    process.once('exit', this.#kill);
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  static async open(options: BaresipOptions): Promise<Baresip> {
    for (let triesLeft = 5; ; triesLeft--) {
      const control = await freePort();
      const phone = new Baresip({ ...options, sip: await freePort(), control });
      const begun = () => phone.said.includes('baresip is ready') || phone.said.includes('init failed');
      await until(begun, { what: () => `baresip to be ready: ${phone.said}` });
      if (phone.said.includes('baresip is ready')) {
        phone.#control = connect(control, '127.0.0.1');
        phone.#listen(phone.#control);
        return phone;
      }
      // It also takes the port after its own, for TLS, and that one may be somebody's.
      await phone.close();
      if (triesLeft === 0) throw new Error(`baresip does not start: ${phone.said}`);
    }
  }

  /** Netstrings of JSON, both ways. */
  #listen(socket: Socket): void {
    let waiting = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      waiting += text;
      for (let colon = waiting.indexOf(':'); colon > 0; colon = waiting.indexOf(':')) {
        const end = colon + 1 + Number(waiting.slice(0, colon));
        if (waiting.length <= end) return;
        this.events.push(JSON.parse(waiting.slice(colon + 1, end)) as BaresipEvent);
        waiting = waiting.slice(end + 1);
      }
    });
    socket.on('error', () => socket.destroy());
  }

  command(command: string, params = ''): void {
    const text = JSON.stringify({ command, params, token: '1' });
    this.#control?.write(`${text.length}:${text},`);
  }

  /** Waits for the n-th event of a type. */
  event(type: string, n = 1): Promise<BaresipEvent> {
    return until(() => this.events.filter((event) => event.type === type)[n - 1], {
      what: () => `${type} from baresip: ${this.said}`,
    });
  }

  async press(digits: string): Promise<void> {
    for (const digit of digits) {
      this.command('sndcode', digit);
      await pause(250);
    }
  }

  /** What it heard in its last call, once that has ended. */
  heard(): Int16Array {
    const folder = join(this.#folder, 'heard');
    const file = readdirSync(folder)
      .filter((name) => name.endsWith('-dec.wav'))
      .sort()
      .at(-1);
    if (file === undefined) throw new Error(`baresip kept nothing: ${this.said}`);
    const bytes = readFileSync(join(folder, file));
    const data = bytes.subarray(bytes.indexOf('data') + 8);
    return new Int16Array(new Uint8Array(data).buffer, 0, data.length >> 1);
  }

  async close(): Promise<void> {
    this.command('quit');
    await until(() => this.#child.exitCode !== null || this.#child.signalCode !== null, {
      what: 'baresip to quit',
    }).catch(this.#kill);
    process.off('exit', this.#kill);
    this.#control?.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
