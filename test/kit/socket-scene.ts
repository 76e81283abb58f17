// A call whose application is on a WebSocket, on the virtual clock: what it was sent, and what it answers.
import assert from 'node:assert/strict';
import type { SimWsPeer } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { Stage } from '../../src/rehearsal/stage.ts';
import type { Json } from './scene.ts';

export interface Message extends Json {
  type: string;
  msgid: string;
  data: Json;
}

export interface SocketScene {
  stage: Stage;
  call: PhoneCall;
  messages: Message[];
  /** The newest socket. */
  socket(): SimWsPeer;
  of(type: string): Message[];
  ack(message: Message | undefined, data?: unknown): void;
  command(command: string, data: unknown, more?: Json): void;
  end(): Promise<void>;
}

export async function socketScene(first: unknown[]): Promise<SocketScene> {
  const stage = await Stage.open({ seed: 3 });
  const messages: Message[] = [];
  let peer: SimWsPeer | undefined;
  stage.net.serveWs(
    'ws://app.example/ws',
    (connection) => {
      peer = connection;
      connection.onMessage = (data: string | Uint8Array) => {
        const message = JSON.parse(String(data)) as Message;
        messages.push(message);
        if (message.type === 'session:new' || message.type === 'session:reconnect')
          connection.send(JSON.stringify({ type: 'ack', msgid: message.msgid, data: first }));
      };
    },
    { protocols: ['ws.jambonz.org'] },
  );
  const app = await stage.application({
    call_hook: { url: 'ws://app.example/ws', method: 'GET', username: null, password: null },
  });
  const phone = await stage.phone();
  const call = await phone.call(stage.uriOf(app));
  await stage.clock.settle(call.answered, 40_000);
  await stage.clock.runFor(100);
  const send = (value: Json) => peer!.send(JSON.stringify(value));
  return {
    stage,
    call,
    messages,
    socket: () => peer!,
    of: (type) => messages.filter((m) => m.type === type),
    ack: (message, data) => send({ type: 'ack', msgid: message?.msgid, ...(data !== undefined && { data }) }),
    command: (command, data, more = {}) => send({ type: 'command', command, data, ...more }),
    async end() {
      assert.deepEqual(await stage.close(), {
        udp: 0,
        tcpListeners: 0,
        tcpConnections: 0,
        web: 0,
        timers: 0,
        scopes: 0,
      });
    },
  };
}
