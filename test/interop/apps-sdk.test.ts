// Our side of the conversation against the client libraries customers use, over loopback, unchanged.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebhookResponse as SdkResponse } from '@jambonz/sdk/webhook';
import { createEndpoint as sdkEndpoint } from '@jambonz/sdk/websocket';
import {
  type AppCommand,
  type AppEvent,
  type AppSession,
  type AppSessionOptions,
  createApps,
} from '../../src/apps/index.ts';
import { realClock, realRandom, silentLog } from '../../src/base/index.ts';
import { realNetwork } from '../../src/base/net/index.ts';

/** What the tests use of a library's session. */
interface ClientSession {
  data: Record<string, unknown>;
  pause(options: object): ClientSession;
  hangup(options: object): ClientSession;
  on(event: string, listener: (data: Record<string, unknown>) => void): ClientSession;
  send(options?: { execImmediate?: boolean }): void;
  reply(): void;
  injectCommand(command: string, data: object, callSid?: string): void;
  close(): void;
}
interface ClientService {
  on(event: string, listener: (session: ClientSession, ...more: unknown[]) => void): void;
}
type MakeService = (options: { path: string }) => ClientService;
type MakeEndpoint = (options: { server: Server; logger: object }) => MakeService;

const require = createRequire(import.meta.url);
const { createEndpoint: wsEndpoint } = require('@jambonz/node-client-ws') as { createEndpoint: MakeEndpoint };
const { WebhookResponse: OldResponse } = require('@jambonz/node-client') as {
  WebhookResponse: {
    verifyJambonzSignature(secret: string): (request: object, response: object, next: () => void) => void;
  };
};

const quiet = { info() {}, error() {}, debug() {}, child: () => quiet };
const clock = realClock();
const network = realNetwork({ clock });
const apps = createApps({ clock, random: realRandom(), network, log: silentLog });
const servers: Server[] = [];
const secret = 'wh_secret_abc';

async function listen(listener?: RequestListener): Promise<{ server: Server; authority: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { server, authority: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function open(options: Pick<AppSessionOptions, 'callHook'> & Partial<AppSessionOptions>) {
  const session = apps.open({ callSid: 'call-1', webhookSecret: secret, outbound: false, ...options });
  const events: AppEvent[] = [];
  session.onEvent = (event) => events.push(event);
  return { session, events };
}

const nextCommand = (session: AppSession): Promise<AppCommand> =>
  new Promise((resolve) => {
    session.onCommand = resolve;
  });

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

after(async () => {
  await apps.close();
  await network.close();
  for (const server of servers) server.close();
});

describe('webhook signature', () => {
  const payload = {
    callSid: 'call-1',
    from: 'Zoë "Z" <+49>',
    text: 'line\nbreak \u2028 \ud83d\ude00 \ud800',
    customerData: { orderId: 7, 10: 'ten', 9: 'nine', nested: [{ keepMe: 1.5e-7 }] },
    sip: { headers: { 'X-Custom': 'a;b=c' }, raw: 'INVITE sip:1@x SIP/2.0\r\n\r\n' },
  };

  for (const [name, verify] of [
    ['@jambonz/sdk', SdkResponse.verifySignature(secret)],
    ['@jambonz/node-client', OldResponse.verifyJambonzSignature(secret)],
  ] as const) {
    test(`${name} accepts ours, and rejects it under another secret`, async () => {
      const { authority } = await listen(async (request, response) => {
        Object.assign(request, {
          body: await bodyOf(request),
          get: (field: string) => request.headers[field.toLowerCase()],
        });
        const answer = (error?: unknown): void => {
          response.writeHead(error ? 401 : 200, { 'content-type': 'application/json' });
          response.end(error ? '{}' : JSON.stringify(new SdkResponse().pause({ length: 1 })));
        };
        try {
          (verify as (...args: unknown[]) => void)(request, response, answer);
        } catch (error) {
          answer(error);
        }
      });
      const callHook = `http://${authority}/call`;
      const { session, events } = open({ callHook });
      assert.deepEqual(await session.request('session:new', undefined, payload), [{ verb: 'pause', length: 1 }]);
      const { session: other } = open({ callHook, webhookSecret: 'another' });
      await assert.rejects(other.request('session:new', undefined, payload), { code: 'hook-status' });
      assert.deepEqual(
        events.map((event) => event.type),
        ['hook-sent', 'hook-answered'],
      );
    });
  }
});

for (const [name, createEndpoint] of [
  ['@jambonz/sdk', sdkEndpoint as unknown as MakeEndpoint],
  ['@jambonz/node-client-ws', wsEndpoint],
] as const) {
  describe(`socket of ${name}`, () => {
    let url: string;
    let service: ClientService;
    let handle: (session: ClientSession) => void = () => {};

    before(async () => {
      const { server, authority } = await listen();
      service = createEndpoint({ server, logger: quiet })({ path: '/app' });
      service.on('session:new', (session) => handle(session));
      if (name !== '@jambonz/sdk') service.on('session:reconnect', (session) => handle(session));
      url = `ws://${authority}/app`;
    });

    test('session:new, hooks, statuses, commands', async () => {
      const seen: [string, unknown][] = [];
      handle = (client) => {
        seen.push(['session:new', client.data.from]);
        client.on('/menu', (data) => {
          seen.push(['/menu', data.digits]);
          client.hangup({}).reply();
        });
        client.on('call:status', (data) => {
          seen.push(['call:status', data.call_status]);
          client.injectCommand('redirect', { call_hook: '/next' }, 'leg-2');
        });
        client.pause({ length: 2 }).send();
      };
      const { session, events } = open({ callHook: url });
      const facts = { callSid: 'call-1', from: '100', sipStatus: 100, sipReason: 'Trying', callStatus: 'trying' };
      assert.deepEqual(await session.request('session:new', undefined, facts), [{ verb: 'pause', length: 2 }]);
      assert.deepEqual(await session.request('verb:hook', '/menu', { digits: '42' }), [{ verb: 'hangup' }]);
      const unheard = await session.request('verb:hook', '/nobody-listens', {});
      assert.deepEqual(unheard ?? [], []);
      const commanded = nextCommand(session);
      session.notify('call:status', { callStatus: 'in-progress' });
      const { command, data, callSid } = await commanded;
      assert.deepEqual(
        { command, data, callSid },
        { command: 'redirect', data: { call_hook: '/next' }, callSid: 'leg-2' },
      );
      assert.deepEqual(seen, [
        ['session:new', '100'],
        ['/menu', '42'],
        ['call:status', 'in-progress'],
      ]);
      await session.close();
      assert.deepEqual(
        events.filter((event) => /failed|refused|alert/.test(event.type)),
        [],
      );
    });

    test('a second send is a redirect command; queued when it asks for that', async () => {
      let client: ClientSession | undefined;
      handle = (session) => {
        client = session;
        session.pause({ length: 1 }).send();
      };
      const { session } = open({ callHook: url });
      await session.request('session:new', undefined, { callSid: 'call-1' });
      for (const execImmediate of [true, false]) {
        const commanded = nextCommand(session);
        client!.hangup({}).send({ execImmediate });
        const { command, data, queueCommand } = await commanded;
        assert.deepEqual([command, data, queueCommand], ['redirect', [{ verb: 'hangup' }], !execImmediate]);
      }
      await session.close();
    });

    test('statuses before session:new, as for a call created by REST, do not disturb it', async () => {
      handle = (client) => client.pause({ length: 3 }).send();
      const { session } = open({ callHook: url, outbound: true });
      session.notify('call:status', { callSid: 'call-1', callStatus: 'ringing' });
      const answer = await session.request('session:new', undefined, { callSid: 'call-1' });
      assert.deepEqual(answer, [{ verb: 'pause', length: 3 }]);
      await session.close();
    });

    test('a socket the client dropped is taken up again, and the next hook answered', async () => {
      let client: ClientSession | undefined;
      handle = (session) => {
        client = session;
        session.on('/after', () => session.hangup({}).reply());
        session.pause({ length: 1 }).send();
      };
      const { session, events } = open({ callHook: url });
      await session.request('session:new', undefined, { callSid: 'call-1' });
      client!.close();
      while (!events.some((event) => event.type === 'socket-closed'))
        await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(await session.request('verb:hook', '/after', {}), [{ verb: 'hangup' }]);
      assert.deepEqual(
        events.filter((event) => event.type === 'socket-opened').map((event) => event.reconnect),
        [false, true],
      );
      await session.close();
    });

    test('a redirect from HTTP hands the call to it', async () => {
      const { authority } = await listen((_, response) => response.writeHead(204).end());
      handle = (client) => client.pause({ length: 4 }).send();
      const { session } = open({ callHook: `http://${authority}/call` });
      assert.equal(await session.request('session:new', undefined, {}), undefined);
      assert.deepEqual(await session.request('session:redirect', url, {}), [{ verb: 'pause', length: 4 }]);
      assert.equal(session.kind, 'ws');
      await session.close();
    });
  });
}
