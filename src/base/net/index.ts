// net: the real network. The second door of base; only composers and tests come through it.
import type { Clock } from '../clock.ts';
import { errorText } from '../errors.ts';
import type { Network } from '../network.ts';
import { openHttp } from './http.ts';
import { loadLibc } from './libc.ts';
import { PolledUdp } from './polled-udp.ts';
import { openResolver, type ResolverOptions } from './resolver.ts';
import { connectTcp, listenTcp } from './tcp.ts';
import { openUdp } from './udp.ts';
import { openWs } from './ws.ts';

export { realFiles } from './files.ts';

export interface RealNetworkOptions {
  clock: Clock;
  dns?: ResolverOptions;
  /**
   * For hundreds of busy UDP sockets (docs/decisions/0014): twice as many datagrams a core, each up to a millisecond later. Where this
   * machine cannot, `onUnable` is told why, and all is as without.
   */
  pollUdp?: { onUnable: (why: string) => void };
}

export function realNetwork({ clock, dns, pollUdp }: RealNetworkOptions): Network {
  const http = openHttp(clock);
  const ws = openWs(clock);
  const resolver = openResolver(clock, dns);
  return {
    udp: (pollUdp && openPolled(clock, pollUdp.onUnable)) ?? openUdp,
    tcpListen: (address) => listenTcp(clock, address),
    tcpConnect: (to, options) => connectTcp(clock, to, options.timeoutMs),
    http: http.http,
    ws: ws.ws,
    resolver: resolver.resolver,
    async close() {
      resolver.close();
      ws.close();
      await http.close();
    },
  };
}

function openPolled(clock: Clock, onUnable: (why: string) => void): Network['udp'] | undefined {
  try {
    return new PolledUdp(loadLibc(), clock).open;
  } catch (error) {
    onUnable(errorText(error));
    return undefined;
  }
}
