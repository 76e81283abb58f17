// Network contract: TCP.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TcpConnection } from '../../../src/base/index.ts';
import { faultOf, type Make, type Stage, until, withStage } from './stage.ts';

/** Both ends of a connection and what happened at them. */
class TcpEnd {
  text = '';
  readonly ends: (Error | undefined)[] = [];
  readonly connection: TcpConnection;
  constructor(connection: TcpConnection) {
    this.connection = connection;
    connection.onData = (data) => {
      assert.equal(this.ends.length, 0, 'no data after the end');
      this.text += Buffer.from(data).toString('latin1');
    };
    connection.onClose = (error) => this.ends.push(error);
  }
}

async function tcpPair(stage: Stage): Promise<{ near: TcpEnd; far: TcpEnd; stop: () => Promise<void> }> {
  const listener = await stage.server.tcpListen({ host: stage.serverIp, port: 0 });
  let far: TcpEnd | undefined;
  listener.onConnection = (connection) => {
    far = new TcpEnd(connection);
  };
  const near = new TcpEnd(await stage.run(stage.client.tcpConnect(listener.local, { timeoutMs: 2000 })));
  await until(stage, () => far !== undefined);
  return { near, far: far!, stop: () => stage.run(listener.close()) };
}

export function tcpContract(make: Make): void {
  it(
    'carries bytes both ways, in order and complete',
    withStage(make, async (stage) => {
      const { near, far, stop } = await tcpPair(stage);
      const long = Array.from({ length: 30_000 }, (_, i) => String.fromCharCode(32 + (i % 90))).join('');
      for (let i = 0; i < long.length; i += 1000) assert.equal(near.connection.send(long.slice(i, i + 1000)), true);
      far.connection.send(Buffer.from('answer'));
      await until(stage, () => far.text.length >= long.length && near.text.length >= 6);
      assert.equal(far.text, long);
      assert.equal(near.text, 'answer');
      assert.deepEqual(near.connection.remote, far.connection.local);
      assert.deepEqual(near.connection.local, far.connection.remote);
      near.connection.destroy();
      await stop();
    }),
  );
  it(
    'hears what the listener says first',
    withStage(make, async (stage) => {
      const listener = await stage.server.tcpListen({ host: stage.serverIp, port: 0 });
      listener.onConnection = (connection) => connection.send('welcome');
      const near = new TcpEnd(await stage.run(stage.client.tcpConnect(listener.local, { timeoutMs: 2000 })));
      await until(stage, () => near.text === 'welcome');
      await stage.run(listener.close());
      await until(stage, () => near.ends.length === 1);
    }),
  );
  it(
    'sends what is queued before it closes, and tells both ends once',
    withStage(make, async (stage) => {
      const { near, far, stop } = await tcpPair(stage);
      near.connection.send('x'.repeat(200_000));
      near.connection.close();
      assert.equal(near.connection.send('late'), false);
      await until(stage, () => far.ends.length > 0 && near.ends.length > 0);
      assert.equal(far.text.length, 200_000);
      near.connection.destroy();
      near.connection.close();
      await stage.wait(30);
      assert.deepEqual([near.ends, far.ends], [[undefined], [undefined]]);
      await stop();
    }),
  );
  it(
    'ends on destroy, and refuses what is sent afterwards',
    withStage(make, async (stage) => {
      const { near, far, stop } = await tcpPair(stage);
      near.connection.destroy();
      assert.equal(near.connection.send('x'), false);
      await until(stage, () => far.ends.length > 0 && near.ends.length > 0);
      await stage.wait(30);
      assert.equal(near.ends.length, 1);
      assert.equal(far.ends.length, 1);
      assert.equal(far.connection.send('x'), false);
      await stop();
    }),
  );
  it(
    'closes its connections with the listener',
    withStage(make, async (stage) => {
      const { near, far, stop } = await tcpPair(stage);
      await stop();
      await until(stage, () => near.ends.length === 1 && far.ends.length === 1);
    }),
  );
  it(
    'says who refused',
    withStage(make, async (stage) => {
      const listener = await stage.server.tcpListen({ host: stage.serverIp, port: 0 });
      await stage.run(listener.close());
      const fault = await faultOf(stage, stage.client.tcpConnect(listener.local, { timeoutMs: 2000 }));
      assert.equal(fault.code, 'tcp-refused');
      assert.equal(fault.detail.code, 'ECONNREFUSED');
      assert.equal(fault.retryable, true);
    }),
  );
  it(
    'does not listen twice on one address',
    withStage(make, async (stage) => {
      const listener = await stage.server.tcpListen({ host: stage.serverIp, port: 0 });
      const fault = await faultOf(stage, stage.server.tcpListen(listener.local));
      assert.equal(fault.code, 'bind-failed');
      assert.equal(fault.detail.code, 'EADDRINUSE');
      await stage.run(listener.close());
    }),
  );
}
