// What was on the wire, as the kernel saw it: UDP packets of the loopback with the kernel's time of each. Unlike a socket's, that time
// is right however long the process that judges is kept waiting.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

/** Of a packet: enough for the headers and an RTP packet of 20 ms. */
const keptBytes = 256;
/** Of the kernel, until tcpdump gets the processor. */
const bufferKb = 32 * 1024;

export interface WirePacket {
  /** Unix time, ms, of microseconds. */
  at: number;
  /** UDP ports. */
  from: number;
  to: number;
  payload: Buffer;
}

export class Capture {
  readonly #folder = mkdtempSync(join(tmpdir(), 'crosspoint-capture-'));
  readonly #child: ChildProcess;
  #said = '';

  private constructor() {
    const file = openSync(this.#file, 'w');
    const options = ['-i', 'lo', '-n', '-s', String(keptBytes), '-B', String(bufferKb), '-w', '-', 'udp'];
    this.#child = spawn('tcpdump', options, { stdio: ['ignore', file, 'pipe'] });
    closeSync(file);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  get #file(): string {
    return join(this.#folder, 'packets');
  }

  /** Begins; undefined for a user who may not listen to the network. */
  static async open(): Promise<Capture | undefined> {
    const capture = new Capture();
    const child = capture.#child;
    await until(() => capture.#said.includes('listening on') || child.exitCode !== null, { what: 'tcpdump to listen' });
    if (child.exitCode === null) return capture;
    capture.close();
    assert.match(capture.#said, /permission|permitted/i);
    return undefined;
  }

  /** Every packet since the beginning, in order; it goes on no longer. */
  async packets(): Promise<WirePacket[]> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await ended;
    assert.match(this.#said, /\b0 packets dropped by kernel/, this.#said);
    return [...packetsOf(readFileSync(this.#file))];
  }

  close(): void {
    this.#child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The format of libpcap, of this machine's byte order: a header of 24 bytes, then packets with 16 bytes before each. */
function* packetsOf(bytes: Buffer): Generator<WirePacket> {
  assert.equal(bytes.readUInt32LE(0), 0xa1b2c3d4, 'not a capture in microseconds');
  assert.equal(bytes.readUInt32LE(20), 1, 'not Ethernet frames');
  for (let at = 24; at + 16 <= bytes.length; ) {
    const ms = bytes.readUInt32LE(at) * 1_000 + bytes.readUInt32LE(at + 4) / 1_000;
    const frame = bytes.subarray(at + 16, at + 16 + bytes.readUInt32LE(at + 8));
    at += 16 + frame.length;
    // IPv4 behind 14 bytes of Ethernet.
    if (frame.readUInt16BE(12) !== 0x0800) continue;
    const udp = frame.subarray(14 + (frame[14]! & 15) * 4);
    yield { at: ms, from: udp.readUInt16BE(0), to: udp.readUInt16BE(2), payload: udp.subarray(8) };
  }
}
