// The demo application: what sip:demo@… reaches. A webhook application like any customer's, answered in this process.
import type { Network } from '../base/index.ts';

/** Its address. Nothing listens there: `withDemo` answers, so that it works without a port, a name or a network. */
export const demoOrigin = 'http://demo.crosspoint.invalid';

type Verb = Record<string, unknown>;

const melody = 'tone_stream://%(150,30,523);%(150,30,659);%(250,50,784)';
const menu = 'Press 1 for a tone, 2 to hear who you are, 3 for the time line of a live update, or 9 to hang up.';

const ask = (text: string): Verb => ({
  verb: 'gather',
  input: ['digits'],
  numDigits: 1,
  timeout: 20,
  actionHook: '/key',
  say: { text },
});

/** What the demo answers at `path`, given the hook's body. */
export function demoReply(path: string, body: Record<string, unknown>): Verb[] {
  switch (path) {
    case '/':
      return [{ verb: 'say', text: 'Welcome to Crosspoint.' }, { verb: 'play', url: melody }, ask(menu)];
    case '/key':
      return afterKey(body);
    case '/redirected':
      return [
        { verb: 'play', url: melody },
        { verb: 'say', text: 'This call was redirected while it was live.' },
        ask(menu),
      ];
    default:
      return [];
  }
}

function afterKey({ digits, reason, from }: Record<string, unknown>): Verb[] {
  if (reason === 'timeout') return [{ verb: 'say', text: 'I did not hear a key. Good bye.' }, { verb: 'hangup' }];
  switch (digits) {
    case '1':
      return [{ verb: 'play', url: 'tone_stream://%(1000,0,440)' }, ask(menu)];
    case '2':
      return [{ verb: 'say', text: `You are calling as ${String(from).split('').join(' ')}.` }, ask(menu)];
    case '3':
      return [
        { verb: 'say', text: 'I now wait for a minute. Send an update, with the line that the server printed.' },
        { verb: 'pause', length: 60 },
        ask(menu),
      ];
    case '9':
      return [{ verb: 'say', text: 'Good bye.' }, { verb: 'hangup' }];
    default:
      return [ask(`There is nothing on ${String(digits)}. ${menu}`)];
  }
}

/** The network with the demo in it. */
export function withDemo(network: Network): Network {
  return {
    ...network,
    async http(request) {
      if (!request.url.startsWith(`${demoOrigin}/`)) return network.http(request);
      const text = typeof request.body === 'string' ? request.body : Buffer.from(request.body ?? '{}').toString();
      const verbs = demoReply(new URL(request.url).pathname, JSON.parse(text));
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(verbs)),
        url: request.url,
      };
    },
  };
}
