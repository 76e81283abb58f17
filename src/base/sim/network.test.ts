// The simulated network on the virtual clock: the contract, then its accidents.
import { networkContract, type Stage, type StageWs } from '../../../test/contracts/network/index.ts';
import { SimNet, type SimWsPeer, seededRandom, VirtualClock } from './index.ts';

function peerOf(peer: SimWsPeer): StageWs {
  return peer;
}

async function simStage(): Promise<Stage> {
  const clock = new VirtualClock();
  const net = new SimNet({ clock, random: seededRandom('contract') });
  net.link({}, { delayMs: 3, jitterMs: 2 });
  let names = 0;
  return {
    client: net.host('10.0.0.1'),
    server: net.host('10.0.0.2'),
    serverIp: '10.0.0.2',
    clientIp: '10.0.0.1',
    run: (work) => clock.settle(work, 60_000),
    wait: (ms) => clock.runFor(ms),
    async http(handle) {
      const origin = `http://app${names++}.example`;
      net.serveHttp(origin, ({ method, path, headers, text }) => {
        return handle({ method, path, headers, body: text() }) ?? new Promise(() => {});
      });
      return origin;
    },
    async ws(handle, options = {}) {
      const url = `ws://app${names++}.example/socket`;
      const server = net.serveWs(url, (peer) => handle(peerOf(peer)), options);
      if (options.refuse) server.state = options.refuse;
      if (options.hang) server.state = 'hanging';
      server.location = options.location;
      return url;
    },
    deadOrigin: async () => 'http://10.0.0.9:81',
    absentOrigin: 'http://nobody.invalid',
    async close() {
      await clock.settle(Promise.all([net.host('10.0.0.1').close(), net.host('10.0.0.2').close()]));
    },
  };
}

networkContract('simulated network', simStage);
