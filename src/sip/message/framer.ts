// Cuts a byte stream (TCP) into messages by Content-Length (RFC 3261 18.3), with keep-alive pings between them (RFC 5626 3.5.1).
import { isSipParseError, SipParseError } from './error.ts';
import { FRAMER_KEEP_BYTES, MAX_MESSAGE_BYTES } from './limits.ts';
import { asBuffer, type Head, readHead } from './parse.ts';
import { isToken } from './text.ts';
import type { SipRequest, SipResponse } from './types.ts';

export type StreamEvent =
  | { kind: 'message'; message: SipRequest | SipResponse }
  /** A double CRLF: answer with one CRLF. Several in a row count once. */
  | { kind: 'ping' }
  /** A malformed message whose end is known: count it, answer `error.partial` if there is one, read on. */
  | { kind: 'bad'; error: SipParseError }
  /** Where the next message starts cannot be known: answer `error.partial` if there is one, then close. Always the last event. */
  | { kind: 'fatal'; error: SipParseError };

const blankLine = Buffer.from('\r\n\r\n');
const nothing = Buffer.alloc(0);

export class StreamFramer {
  #buffer: Buffer = nothing;
  #start = 0;
  #end = 0;
  /** How far the empty line has been looked for, so that no byte is looked at twice. */
  #searched = 0;
  #lineBreaks = 0;
  /** The head of the message whose body is still coming, and where that body starts. */
  #head: { head: Head; bodyStart: number } | undefined;
  #dead = false;

  /** Bytes that wait for the rest of their message. */
  get waitingBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes the next bytes, copies what it keeps, and gives what they complete. Nothing after a fatal event. */
  feed(chunk: Uint8Array): StreamEvent[] {
    const events: StreamEvent[] = [];
    // Portions keep the buffer below two messages' size, however large the chunk is.
    for (let at = 0; at < chunk.length && !this.#dead; at += MAX_MESSAGE_BYTES) {
      this.#append(asBuffer(chunk.subarray(at, at + MAX_MESSAGE_BYTES)));
      while (!this.#dead && this.#step(events));
    }
    return events;
  }

  #append(chunk: Buffer): void {
    if (this.#start === this.#end) this.#reset();
    if (this.#end + chunk.length > this.#buffer.length) {
      const waiting = this.#end - this.#start;
      const size = Math.max(FRAMER_KEEP_BYTES, 2 * waiting, waiting + chunk.length);
      const larger = size > this.#buffer.length ? Buffer.allocUnsafeSlow(size) : this.#buffer;
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      if (this.#head) this.#head.bodyStart -= this.#start;
      this.#searched -= this.#start;
      this.#buffer = larger;
      this.#end = waiting;
      this.#start = 0;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #reset(): void {
    this.#start = 0;
    this.#end = 0;
    this.#searched = 0;
    if (this.#buffer.length > FRAMER_KEEP_BYTES) this.#buffer = nothing;
  }

  /** One step ahead; false when it needs more bytes. */
  #step(events: StreamEvent[]): boolean {
    if (!this.#head) {
      this.#skipLineBreaks(events);
      if (this.#start === this.#end || this.#buffer[this.#start] === 0x0d)
        return this.#start + 1 < this.#end && this.#garbage(events);
      if (!isToken(String.fromCharCode(this.#buffer[this.#start]!))) return this.#garbage(events);
      return this.#findHead(events);
    }
    const { head, bodyStart } = this.#head;
    const bodyEnd = bodyStart + (head.contentLength ?? 0);
    if (bodyEnd > this.#end) return false;
    this.#head = undefined;
    events.push(this.#complete(head, Uint8Array.prototype.slice.call(this.#buffer, bodyStart, bodyEnd)));
    this.#start = bodyEnd;
    this.#searched = bodyEnd;
    return true;
  }

  #garbage(events: StreamEvent[]): boolean {
    return this.#fatal(events, new SipParseError('the stream does not continue with a message'));
  }

  #fatal(events: StreamEvent[], error: SipParseError): boolean {
    this.#dead = true;
    events.push({ kind: 'fatal', error });
    return false;
  }

  #skipLineBreaks(events: StreamEvent[]): void {
    while (
      this.#end - this.#start >= 2 &&
      this.#buffer[this.#start] === 0x0d &&
      this.#buffer[this.#start + 1] === 0x0a
    ) {
      this.#start += 2;
      if (++this.#lineBreaks < 2) continue;
      this.#lineBreaks = 0;
      if (events.at(-1)?.kind !== 'ping') events.push({ kind: 'ping' });
    }
    this.#searched = Math.max(this.#searched, this.#start);
  }

  #findHead(events: StreamEvent[]): boolean {
    this.#lineBreaks = 0;
    const from = Math.max(this.#start, this.#searched - 3);
    const blank = this.#buffer.subarray(0, this.#end).indexOf(blankLine, from);
    this.#searched = this.#end;
    const headBytes = (blank < 0 ? this.#end : blank + 4) - this.#start;
    if (headBytes > MAX_MESSAGE_BYTES)
      return this.#fatal(events, new SipParseError('headers are too large', { status: 513 }));
    if (blank < 0) return false;
    const head = readHead(this.#buffer, this.#start, blank);
    if (head.contentLength === undefined) {
      head.fail('missing on a stream', { header: 'Content-Length' });
      return this.#fatal(events, head.error());
    }
    if (headBytes + head.contentLength > MAX_MESSAGE_BYTES) {
      head.fail('message is larger than 64 KiB', { status: 513 });
      return this.#fatal(events, head.error());
    }
    this.#head = { head, bodyStart: blank + 4 };
    return true;
  }

  #complete(head: Head, body: Uint8Array): StreamEvent {
    try {
      return { kind: 'message', message: head.message(body) };
    } catch (error) {
      if (!isSipParseError(error)) throw error;
      return { kind: 'bad', error };
    }
  }
}
