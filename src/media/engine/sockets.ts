// A port's two sockets: RTP on an even UDP port, RTCP on the next one (RFC 3550 11).
import { Fault, isFault, type Network, type UdpSocket } from '../../base/index.ts';
import { openAttempts, rtpReceiveBufferBytes } from '../limits.ts';

export interface PortSockets {
  rtp: UdpSocket;
  rtcp: UdpSocket;
}

/** `port` 0: any free pair. Rejects with a Fault `media-port-busy`. */
export async function bindPair(network: Network, host: string, port: number): Promise<PortSockets> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await bindOnce(network, host, port);
    } catch (error) {
      if (port === 0 && attempt < openAttempts) continue;
      const what = port === 0 ? 'a pair of UDP ports' : `UDP ports ${port} and ${port + 1}`;
      throw new Fault('media-port-busy', `${what} cannot be had on ${host}`, {
        retryable: true,
        sip: 480,
        cause: error,
        detail: isFault(error) ? { why: error.code } : {},
      });
    }
  }
}

async function bindOnce(network: Network, host: string, port: number): Promise<PortSockets> {
  const rtp = await network.udp({ host, port, receiveBufferBytes: rtpReceiveBufferBytes });
  try {
    if (rtp.local.port % 2 === 1) throw new Fault('odd-port', 'RTP wants an even port');
    return { rtp, rtcp: await network.udp({ host, port: rtp.local.port + 1 }) };
  } catch (error) {
    rtp.close();
    throw error;
  }
}
