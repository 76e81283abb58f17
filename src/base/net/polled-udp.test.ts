// Polled UDP: what it does beyond the contract, and socket addresses as bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realClock, type Timer, type UdpSocket } from '../index.ts';
import { udpReadsPerSocket } from '../limits.ts';
import { loadLibc } from './libc.ts';
import { PolledUdp } from './polled-udp.ts';
import { readSockaddr, writeSockaddr } from './sockaddr.ts';

const libc = loadLibc();
const host = '127.0.0.1';

/** The real clock; counts the timers that wait. */
function countingClock() {
  const clock = realClock();
  let waiting = 0;
  return {
    ...clock,
    waiting: () => waiting,
    after(ms: number, fn: () => void): Timer {
      waiting++;
      let over = false;
      const end = (): void => {
        if (!over) waiting--;
        over = true;
      };
      const timer = clock.after(ms, () => {
        end();
        fn();
      });
      return {
        cancel: () => {
          end();
          timer.cancel();
        },
      };
    },
  };
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !done(); i++) await wait(2);
  assert.ok(done(), 'it did not happen in time');
}

test('addresses become bytes and text again', () => {
  for (const text of ['127.0.0.1', '203.0.113.255', '::1', '2001:db8::7', '::ffff:192.0.2.1'])
    assert.deepEqual(readSockaddr(writeSockaddr({ host: text, port: 40_002 }, libc)!, libc), {
      host: text,
      port: 40_002,
    });
  assert.equal(readSockaddr(writeSockaddr({ host: 'fe80::1%1', port: 1 }, libc)!, libc).host, 'fe80::1%1');
  assert.equal(readSockaddr(writeSockaddr({ host: 'fe80::1%lo', port: 1 }, libc)!, libc).host, 'fe80::1%1');
  for (const text of ['', 'name', '1.2.3', '1.2.3.256', '1.2.3.4.5', '1.2.3.x', '1..2.3', ':::', '2001:db8::g'])
    assert.equal(writeSockaddr({ host: text, port: 1 }, libc), undefined, text);
});

test('IPv6 goes both ways, and takes no IPv4', async () => {
  const udp = new PolledUdp(libc, realClock());
  const near = await udp.open({ host: '::1', port: 0 });
  const far = await udp.open({ host: '::1', port: 0 });
  const heard: string[] = [];
  far.onMessage = (data, from) => {
    heard.push(`${data} from ${from.host}`);
    far.send(Buffer.from('back'), from.port, from.host);
  };
  near.onMessage = (data) => heard.push(`${data}`);
  near.send(Buffer.from('there'), far.local.port, '::1');
  await until(() => heard.length === 2);
  assert.deepEqual(heard, ['there from ::1', 'back']);
  // The same port of IPv4 is free.
  const other = await udp.open({ host: '127.0.0.1', port: far.local.port });
  for (const socket of [near, far, other]) socket.close();
});

test('the sender is one object while it is one sender, and the bytes are used again', async () => {
  const udp = new PolledUdp(libc, realClock());
  const [far, one, other] = await Promise.all([0, 0, 0].map((port) => udp.open({ host, port })));
  const heard: { from: unknown; data: Uint8Array }[] = [];
  far!.onMessage = (data, from) => heard.push({ data, from });
  for (const [i, socket] of [one!, one!, other!, one!].entries()) {
    socket.send(Buffer.from(`n${i}`), far!.local.port, host);
    await until(() => heard.length > i);
  }
  assert.equal(heard[0]!.from, heard[1]!.from);
  assert.deepEqual(
    heard.map(({ from }) => from),
    [one!, one!, other!, one!].map(({ local }) => local),
  );
  assert.equal(heard[0]!.data, heard[3]!.data);
  for (const socket of [far!, one!, other!]) socket.close();
});

test('who closes sockets while datagrams are handed out hears no more of them; the last one stops the polling', async () => {
  const clock = countingClock();
  const udp = new PolledUdp(libc, clock);
  const sender = await udp.open({ host, port: 0 });
  const sockets = await Promise.all(Array.from({ length: 20 }, () => udp.open({ host, port: 0 })));
  let heard = 0;
  const closeAll = (): void => {
    heard++;
    for (const socket of sockets) socket.close();
  };
  for (const socket of sockets) socket.onMessage = closeAll;
  for (const { local } of sockets) sender.send(Buffer.from('x'), local.port, host);
  await until(() => heard > 0);
  await wait(10);
  assert.equal(heard, 1);
  assert.equal(clock.waiting(), 1);
  sender.close();
  assert.equal(clock.waiting(), 0);
  const again = await udp.open({ host, port: 0 });
  again.onMessage = () => heard++;
  again.send(Buffer.from('x'), again.local.port, host);
  await until(() => heard === 2);
  again.close();
  assert.equal(clock.waiting(), 0);
});

test('a listener that throws takes nothing from the others', async () => {
  const clock = realClock();
  const thrown: unknown[] = [];
  const soon = (fn: () => void): void =>
    clock.soon(() => {
      try {
        fn();
      } catch (error) {
        thrown.push(error);
      }
    });
  const udp = new PolledUdp(libc, { ...clock, soon });
  const sockets: UdpSocket[] = await Promise.all(Array.from({ length: 9 }, () => udp.open({ host, port: 0 })));
  let heard = 0;
  for (const [i, socket] of sockets.entries())
    socket.onMessage = () => {
      heard++;
      if (i % 2 === 0) throw new Error(`bug ${i}`);
    };
  for (const { local } of sockets) sockets[0]!.send(Buffer.from('x'), local.port, host);
  await until(() => heard === 9 && thrown.length === 5);
  for (const socket of sockets) socket.close();
});

test('a flood at one socket leaves time to the others and to timers, and is not read whole', async () => {
  const clock = realClock();
  let looks = 0;
  const after = (ms: number, fn: () => void): Timer => {
    looks++;
    return clock.after(ms, fn);
  };
  const udp = new PolledUdp(libc, { ...clock, after });
  const flooded = await udp.open({ host, port: 0, receiveBufferBytes: 4 << 20 });
  const quiet = await udp.open({ host, port: 0 });
  const sender = await udp.open({ host, port: 0 });
  let floods = 0;
  let floodsBefore = -1;
  // Each that is heard brings another: it never ends by itself.
  flooded.onMessage = () => {
    floods++;
    flooded.send(Buffer.from('x'), flooded.local.port, host);
  };
  for (let i = 0; i < 200; i++) sender.send(Buffer.from('x'), flooded.local.port, host);
  await until(() => floods > 1_000);
  const before = floods;
  quiet.onMessage = () => {
    floodsBefore = floods - before;
  };
  sender.send(Buffer.from('y'), quiet.local.port, host);
  await until(() => floodsBefore >= 0);
  for (const socket of [flooded, quiet, sender]) socket.close();
  // Heard with the next look at all sockets, not after the flood.
  assert.ok(floodsBefore <= 3 * udpReadsPerSocket, `${floodsBefore} datagrams of the flood came first`);
  assert.ok(floods <= looks * udpReadsPerSocket, `${floods} datagrams in ${looks} looks`);
});
