// Contract of Network: what the real twin and the simulated one must both do. Each runs it on a stage of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { httpContract, redirectContract } from './http.ts';
import { type Make, withStage } from './stage.ts';
import { tcpContract } from './tcp.ts';
import { udpContract } from './udp.ts';
import { wsContract, wsRefusalContract } from './ws.ts';

export type { Stage, StageAnswer, StageRequest, StageWs } from './stage.ts';
export { udpContract } from './udp.ts';

export function networkContract(name: string, make: Make): void {
  describe(`${name}: udp`, () => udpContract(make));
  describe(`${name}: tcp`, () => tcpContract(make));
  describe(`${name}: http`, () => httpContract(make));
  describe(`${name}: http redirects`, () => redirectContract(make));
  describe(`${name}: ws`, () => wsContract(make));
  describe(`${name}: ws refusals`, () => wsRefusalContract(make));
  describe(`${name}: dns`, () => dnsContract(make));
}

function dnsContract(make: Make): void {
  it(
    'knows literals and localhost without asking',
    withStage(make, async (stage) => {
      const { resolver } = stage.client;
      const ask = async (): Promise<string[][]> => [
        await resolver.a('192.0.2.1'),
        await resolver.aaaa('192.0.2.1'),
        await resolver.a('2001:db8::1'),
        await resolver.aaaa('2001:db8::1'),
        await resolver.a('localhost'),
        await resolver.aaaa('LocalHost.'),
      ];
      assert.deepEqual(await stage.run(ask()), [['192.0.2.1'], [], [], ['2001:db8::1'], ['127.0.0.1'], ['::1']]);
    }),
  );
}
