// Network contract: WebSocket connections and their refusals.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { faultOf, type Make, type StageWs, until, withStage } from './stage.ts';

const open = { protocols: ['a', 'b'], handshakeTimeoutMs: 2000, maxRedirects: 0, maxMessageBytes: 10_000 };

export function wsContract(make: Make): void {
  it(
    'agrees on a subprotocol, and keeps text and binary apart',
    withStage(make, async (stage) => {
      let peer: StageWs | undefined;
      const url = await stage.ws(
        (connection) => {
          peer = connection;
          connection.send('first');
          connection.onMessage = (data) => connection.send(data);
        },
        { protocols: ['b'] },
      );
      const headers = { authorization: 'Basic eDp5' };
      const socket = await stage.run(stage.client.ws({ ...open, url, headers }));
      const got: (string | Uint8Array)[] = [];
      socket.onMessage = (data) => got.push(typeof data === 'string' ? data : Buffer.from(data));
      const scratch = new Uint8Array([1, 2, 255]);
      socket.send('grüße');
      socket.send(scratch);
      await until(stage, () => got.length === 3);
      assert.deepEqual(got, ['first', 'grüße', Buffer.from([1, 2, 255])]);
      assert.equal(socket.protocol, 'b');
      assert.equal(peer!.headers.authorization, 'Basic eDp5');
      assert.equal(socket.bufferedBytes, 0);
      socket.close(1000);
      await stage.wait(30);
    }),
  );
  it(
    'closes with code and reason from either side, once',
    withStage(make, async (stage) => {
      const peers: StageWs[] = [];
      const ends: [string, number, string][] = [];
      const url = await stage.ws((connection) => {
        peers.push(connection);
        connection.onClose = (code, reason) => ends.push(['far', code, reason]);
      });
      for (const side of ['near', 'far'] as const) {
        ends.length = 0;
        const socket = await stage.run(stage.client.ws({ ...open, url }));
        socket.onClose = (code, reason) => ends.push(['near', code, reason]);
        if (side === 'near') socket.close(4001, 'bye');
        else peers.at(-1)!.close(4001, 'bye');
        socket.send('after close');
        await until(stage, () => ends.length === 2);
        socket.close(1000);
        await stage.wait(20);
        assert.deepEqual(ends.sort(), [
          ['far', 4001, 'bye'],
          ['near', 4001, 'bye'],
        ]);
      }
    }),
  );
  it(
    'reports 1006 when it breaks, gets garbage or too large a message',
    withStage(make, async (stage) => {
      const faults: ((peer: StageWs) => void)[] = [
        (peer) => peer.kill(),
        (peer) => peer.sendGarbage(),
        (peer) => peer.send('x'.repeat(10_001)),
      ];
      for (const fault of faults) {
        let peer: StageWs | undefined;
        const url = await stage.ws((connection) => {
          peer = connection;
        });
        const socket = await stage.run(stage.client.ws({ ...open, url }));
        const ends: number[] = [];
        let messages = 0;
        socket.onMessage = () => messages++;
        socket.onClose = (code) => ends.push(code);
        fault(peer!);
        await until(stage, () => ends.length > 0);
        await stage.wait(20);
        assert.deepEqual([ends, messages], [[1006], 0]);
      }
    }),
  );
}

export function wsRefusalContract(make: Make): void {
  it(
    'tells status, protocol, refusal, timeout and abort apart',
    withStage(make, async (stage) => {
      const refused = await stage.ws(() => {}, { refuse: 503 });
      const status = await faultOf(stage, stage.client.ws({ ...open, url: refused }));
      assert.deepEqual([status.code, status.detail.status, status.retryable], ['ws-status', 503, true]);
      const picky = await stage.ws(() => {}, { protocols: ['z'] });
      assert.equal((await faultOf(stage, stage.client.ws({ ...open, url: picky }))).code, 'ws-protocol');
      const dead = (await stage.deadOrigin()).replace('http', 'ws');
      assert.equal((await faultOf(stage, stage.client.ws({ ...open, url: `${dead}/` }))).code, 'http-refused');
      const hanging = await stage.ws(() => {}, { hang: true });
      const late = await faultOf(stage, stage.client.ws({ ...open, url: hanging, handshakeTimeoutMs: 80 }));
      assert.equal(late.code, 'http-timeout');
      const gone = await faultOf(stage, stage.client.ws({ ...open, url: hanging, signal: AbortSignal.abort() }));
      assert.equal(gone.code, 'http-aborted');
      const abort = new AbortController();
      const during = faultOf(stage, stage.client.ws({ ...open, url: hanging, signal: abort.signal }));
      abort.abort();
      assert.equal((await during).code, 'http-aborted');
      assert.equal((await faultOf(stage, stage.client.ws({ ...open, url: 'mailto:x' }))).code, 'http-failed');
    }),
  );
  it(
    'follows redirects without carrying credentials to another origin',
    withStage(make, async (stage) => {
      const seen: (string | undefined)[] = [];
      const end = await stage.ws((peer) => seen.push(peer.headers.authorization));
      const first = await stage.ws(() => {}, { refuse: 302, location: end });
      const headers = { Authorization: 'Basic eDp5' };
      const socket = await stage.run(stage.client.ws({ ...open, url: first, headers, maxRedirects: 1 }));
      socket.close(1000);
      assert.deepEqual(seen, [undefined]);
      const fault = await faultOf(stage, stage.client.ws({ ...open, url: first, headers, maxRedirects: 0 }));
      assert.deepEqual([fault.code, fault.detail.status], ['ws-status', 302]);
      await stage.wait(20);
    }),
  );
}
