// Network contract: UDP.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Address, UdpSocket } from '../../../src/base/index.ts';
import { faultOf, type Make, type Stage, until, withStage } from './stage.ts';

async function udpPair(stage: Stage): Promise<[UdpSocket, UdpSocket]> {
  const near = await stage.client.udp({ host: stage.clientIp, port: 0 });
  const far = await stage.server.udp({ host: stage.serverIp, port: 0, receiveBufferBytes: 65_536 });
  return [near, far];
}

export function udpContract(make: Make): void {
  it(
    'carries datagrams with the address of their sender',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      const got: [string, Address][] = [];
      far.onMessage = (data, from) => got.push([Buffer.from(data).toString(), from]);
      near.send(Buffer.from('one'), far.local.port, stage.serverIp);
      await until(stage, () => got.length === 1);
      assert.deepEqual(got, [['one', { host: stage.clientIp, port: near.local.port }]]);
      near.close();
      far.close();
    }),
  );
  it(
    'lets the bytes be reused at once',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      const got: number[] = [];
      far.onMessage = (data) => got.push(data[0]!);
      const scratch = new Uint8Array(160);
      for (let i = 0; i < 20; i++) near.send(scratch.fill(i), far.local.port, stage.serverIp);
      await until(stage, () => got.length === 20);
      assert.deepEqual(
        got,
        Array.from({ length: 20 }, (_, i) => i),
      );
      near.close();
      far.close();
    }),
  );
  it(
    'gives datagrams of all lengths whole, and in order',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      const lengths = [0, 1, 12, 172, 1_500, 2_048, 2_049, 9_000, 65_507, 172];
      const got: Buffer[] = [];
      far.onMessage = (data) => got.push(Buffer.from(data));
      for (const [i, length] of lengths.entries()) {
        near.send(new Uint8Array(length).fill(i), far.local.port, stage.serverIp);
        await until(stage, () => got.length > i);
      }
      assert.deepEqual(
        got,
        lengths.map((length, i) => Buffer.alloc(length, i)),
      );
      near.close();
      far.close();
    }),
  );
  it(
    'sends a part of a larger buffer, and here and there in turn',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      const other = await stage.server.udp({ host: stage.serverIp, port: 0 });
      const got: string[] = [];
      far.onMessage = (data) => got.push(`far ${Buffer.from(data)}`);
      other.onMessage = (data) => got.push(`other ${Buffer.from(data)}`);
      const all = Buffer.from('0123456789');
      for (let i = 0; i < 4; i++) {
        near.send(all.subarray(2 * i, 2 * i + 3), (i % 2 ? other : far).local.port, stage.serverIp);
        await until(stage, () => got.length > i);
      }
      assert.deepEqual(got, ['far 012', 'other 234', 'far 456', 'other 678']);
      for (const socket of [near, far, other]) socket.close();
    }),
  );
  it(
    'drops what is for no numeric address, and goes on',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      let got = '';
      far.onMessage = (data) => {
        got += data;
      };
      near.send(Buffer.from('x'), far.local.port, 'no.such.name.invalid');
      near.send(Buffer.from('y'), far.local.port, stage.serverIp);
      await until(stage, () => got !== '');
      assert.equal(got, 'y');
      near.close();
      far.close();
    }),
  );
  it(
    'is silent towards a closed port and after close',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      let got = 0;
      far.onMessage = () => got++;
      far.close();
      far.close();
      near.send(Buffer.from('x'), far.local.port, stage.serverIp);
      near.close();
      near.send(Buffer.from('x'), far.local.port, stage.serverIp);
      await stage.wait(30);
      assert.equal(got, 0);
    }),
  );
  it(
    'tells of a datagram that is too large',
    withStage(make, async (stage) => {
      const [near, far] = await udpPair(stage);
      let code: unknown;
      near.onError = (error) => {
        code = (error as { code?: unknown }).code;
      };
      near.send(new Uint8Array(70_000), far.local.port, stage.serverIp);
      await until(stage, () => code !== undefined);
      assert.equal(code, 'EMSGSIZE');
      near.close();
      far.close();
    }),
  );
  it(
    'refuses a port that is taken and an address that is not there',
    withStage(make, async (stage) => {
      const near = await stage.client.udp({ host: stage.clientIp, port: 0 });
      const taken = await faultOf(stage, stage.client.udp({ host: stage.clientIp, port: near.local.port }));
      assert.equal(taken.code, 'bind-failed');
      assert.equal(taken.detail.code, 'EADDRINUSE');
      const absent = await faultOf(stage, stage.client.udp({ host: '192.0.2.77', port: 0 }));
      assert.equal(absent.detail.code, 'EADDRNOTAVAIL');
      near.close();
    }),
  );
}
