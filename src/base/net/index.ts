// net: the real network. The second door of base; only composers and tests come through it.
import type { Clock } from '../clock.ts';
import type { Network } from '../network.ts';
import { openHttp } from './http.ts';
import { openResolver, type ResolverOptions } from './resolver.ts';
import { connectTcp, listenTcp } from './tcp.ts';
import { openUdp } from './udp.ts';
import { openWs } from './ws.ts';

export { realFiles } from './files.ts';

export interface RealNetworkOptions {
  clock: Clock;
  dns?: ResolverOptions;
}

export function realNetwork({ clock, dns }: RealNetworkOptions): Network {
  const http = openHttp(clock);
  const ws = openWs(clock);
  const resolver = openResolver(clock, dns);
  return {
    udp: openUdp,
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
