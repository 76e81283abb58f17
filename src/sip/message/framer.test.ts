// A byte stream cut into messages: any pieces, keep-alives, bad and fatal messages, limits, memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_MESSAGE_BYTES, type StreamEvent, StreamFramer, startLine } from './index.ts';

const message = (body: string, more = ''): string =>
  `MESSAGE sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\n${more}l: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const describe = (event: StreamEvent): string => {
  if (event.kind === 'ping') return 'ping';
  return event.kind === 'message' ? Buffer.from(event.message.body).toString() : `${event.kind} ${event.error.message}`;
};

function feed(framer: StreamFramer, data: string | Buffer, step = Number.POSITIVE_INFINITY): string[] {
  const bytes = Buffer.from(data);
  const seen: string[] = [];
  for (let at = 0; at < bytes.length; at += step)
    seen.push(...framer.feed(bytes.subarray(at, at + step)).map(describe));
  return seen;
}

test('messages come out whole from pieces of any size', () => {
  const stream = message('one') + message('') + message('zwei ü \r\n\r\n INVITE') + message('3'.repeat(5_000));
  const whole = feed(new StreamFramer(), stream);
  assert.deepEqual(whole, ['one', '', 'zwei ü \r\n\r\n INVITE', '3'.repeat(5_000)]);
  for (const step of [1, 2, 3, 7, 100, 1_460]) assert.deepEqual(feed(new StreamFramer(), stream, step), whole);
});

test("a body is the message's own, not a view on what comes next", () => {
  const framer = new StreamFramer();
  const chunk = Buffer.from(message('first'));
  const [event] = framer.feed(chunk);
  chunk.fill(0x78);
  framer.feed(Buffer.from(message('other')));
  assert.equal(describe(event!), 'first');
});

test('pings between messages, whole or split; single line breaks are nothing', () => {
  assert.deepEqual(feed(new StreamFramer(), `\r\n\r\n${message('a')}\r\n\r\n`), ['ping', 'a', 'ping']);
  for (const step of [1, 2, 3])
    assert.deepEqual(feed(new StreamFramer(), `\r\n\r\n${message('a')}\r\n\r\n`, step), ['ping', 'a', 'ping']);
  assert.deepEqual(feed(new StreamFramer(), `\r\n${message('a')}\r\n${message('b')}`), ['a', 'b']);
  assert.deepEqual(feed(new StreamFramer(), '\r\n'.repeat(50_000)), ['ping'], 'a flood of pings is answered once');
});

test('a malformed message whose end is known is passed over', () => {
  const bad = message('x').replace('SIP/2.0\r\n', 'SIP/9.0\r\n');
  const framer = new StreamFramer();
  const events = framer.feed(Buffer.from(bad + message('good')));
  assert.deepEqual(
    events.map((event) => event.kind),
    ['bad', 'message'],
  );
  const error = events[0]?.kind === 'bad' ? events[0].error : undefined;
  assert.deepEqual([error?.status, error?.partial && startLine(error.partial)], [505, 'MESSAGE sip:b@h SIP/2.0']);
});

test('without a way to the next message the stream is dead', () => {
  const fatal = {
    [message('x').replace('l: 1', 'l: -1')]: /^fatal Content-Length: not a number/,
    [message('x').replace('l: 1\r\n', '')]: /^fatal Content-Length: missing/,
    [message('x', 'Content-Length: 1\r\n')]: /^fatal Content-Length: more than one/,
    [message('x').replace('l: 1', `l: ${MAX_MESSAGE_BYTES}`)]: /^fatal .*64 KiB/,
    [message('x').replace('l: 1', 'l: 99999999999')]: /^fatal Content-Length: too large/,
    '\x16\x03\x01\x02\x00\x01\x00': /^fatal the stream/,
    '\rX': /^fatal the stream/,
    [`OPTIONS ${'x'.repeat(MAX_MESSAGE_BYTES)}`]: /^fatal headers are too large/,
  };
  for (const [bytes, reason] of Object.entries(fatal)) {
    for (const step of [1, 50_000]) {
      const framer = new StreamFramer();
      const seen = feed(framer, `${message('before')}${bytes}`, step);
      assert.equal(seen.length, 2, reason.source);
      assert.match(seen[1]!, reason);
      assert.deepEqual(feed(framer, message('after')), []);
    }
  }
});

test('a fatal error still tells whom to answer', () => {
  const [event] = new StreamFramer().feed(Buffer.from(message('x').replace('l: 1', 'l: x')));
  assert.equal(event?.kind === 'fatal' && event.error.partial?.callId, 'c');
});

test('a large message octet by octet, and no more memory than needed', () => {
  const framer = new StreamFramer();
  const large = message('y'.repeat(60_000));
  assert.equal(feed(framer, large.slice(0, -1), 1).length, 0);
  assert.equal(framer.waitingBytes, large.length - 1);
  assert.deepEqual(feed(framer, 'y'), ['y'.repeat(60_000)]);
  assert.equal(framer.waitingBytes, 0);
  const many = message('z').repeat(3_000);
  assert.equal(feed(framer, many).length, 3_000);
});
