// Fuzz target: spoiled messages, answers and hooks of an application. Only Faults may be thrown, the socket stays usable,
// what we print reads back the same (a signature depends on it), and the application's credentials go to its own origin only.
import assert from 'node:assert/strict';
import type { Conversation } from '../src/apps/context.ts';
import { against, basicAuth, originOf, parseHook, wireUrl } from '../src/apps/hook.ts';
import { Inbox } from '../src/apps/inbox.ts';
import type { AppCommand } from '../src/apps/index.ts';
import { parseJson } from '../src/apps/json.ts';
import { maxRetries, quotedCharacters } from '../src/apps/limits.ts';
import { retryRule } from '../src/apps/retry.ts';
import { snakeCase } from '../src/apps/snake-case.ts';
import { withQuery } from '../src/apps/webhook.ts';
import { type Fault, isFault } from '../src/base/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';

const messages: object[] = [
  {
    type: 'ack',
    msgid: '7hTb2kQp9sXvNn3RzWcYdM',
    data: [{ verb: 'say', text: 'Grüße \ud83d\ude00', synthesizer: { vendor: 'x' } }],
  },
  {
    type: 'command',
    command: 'redirect',
    queueCommand: true,
    data: [{ verb: 'gather', input: ['digits'], numDigits: 4 }],
  },
  {
    type: 'command',
    command: 'sip:request',
    callSid: 'leg-2',
    data: { sip_request: { method: 'INFO', headers: { 'X-A': '1' } } },
  },
  {
    type: 'command',
    command: 'llm:tool-output',
    tool_call_id: 'tool-1',
    data: { result: [1e21, -0, 1.5e-7, null, true] },
  },
  { type: 'tts:tokens', id: 7, tokens: 'hello' },
  {
    __proto__: null,
    constructor: { prototype: 1 },
    customerData: { asIs: 1 },
    NBest: [],
    'P-Asserted-Identity': 'x',
    callSID: 2,
  },
];
const hooks = [
  '/next?a=1#rc=3&rp=ct,4xx',
  'https://user:p%40ss@app.test:443/call#rc=5&rp=all',
  'wss://app.test/ws?token=a%20b',
  '//evil.test/x',
  'http://[2001:db8::1]:8080/hook',
];
const corpus = [...messages.map((message) => JSON.stringify(message, null, 1)), ...hooks].map((text) =>
  Buffer.from(text),
);

let input: Buffer = Buffer.alloc(0);
let now = 0;
const seen: string[] = [];

const talk = {
  clock: { now: () => now },
  emit: (event: { type: string; content?: string }) => {
    if (event.type === 'message-refused') assert.ok(event.content!.length <= quotedCharacters);
  },
} as unknown as Conversation;
const inbox = new Inbox(talk, {
  onAck: (msgid) => seen.push(typeof msgid === 'string' ? 'ack' : 'bad ack'),
  onCommand: (command) => seen.push(checkCommand(command)),
  onRefused: () => seen.push('refused'),
  onFlood: () => assert.fail('nothing was flooded'),
});

function checkCommand({ command, queueCommand, callSid, toolCallId }: AppCommand): string {
  assert.ok(command !== '' && typeof queueCommand === 'boolean');
  for (const text of [callSid, toolCallId]) assert.ok(text === undefined || typeof text === 'string');
  return 'command';
}

/** One message in, one thing happens; and a good command passes afterwards. */
function checkMessage(binary: boolean): string {
  now += 1000;
  seen.length = 0;
  inbox.receive(binary ? input : input.toString());
  assert.equal(seen.length, 1);
  inbox.receive('{"type":"command","command":"tag","data":{}}');
  assert.equal(seen[1], 'command');
  return seen[0]!;
}

function attempt<T>(read: () => T): T | Fault {
  try {
    return read();
  } catch (error) {
    if (!isFault(error)) throw error;
    return error;
  }
}

function checkPrinted(text: string): void {
  const value = attempt(() => parseJson(text));
  if (isFault(value)) return;
  const printed = JSON.stringify(snakeCase(value));
  assert.equal(JSON.stringify(JSON.parse(printed)), printed);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    assert.ok(URL.canParse(withQuery('https://app.test/x?type=own', value as Record<string, unknown>)));
  }
}

const base = parseHook({ url: 'https://app.test/call', username: 'me', password: 'mine' });

function checkHook(text: string): void {
  const rule = retryRule(text, 0);
  assert.ok(rule.count >= 0 && rule.count <= maxRetries && rule.conditions.size > 0);
  const hook = attempt(() => against(base, parseHook(text)));
  if (isFault(hook)) return;
  const url = new URL(wireUrl(hook.url));
  assert.equal(url.username + url.password + url.hash, '');
  const isOurs = basicAuth(hook).authorization === basicAuth(base).authorization;
  assert.ok(!isOurs || (originOf(hook.url) === 'https://app.test' && url.origin === 'https://app.test'));
}

await runFuzz({
  name: 'app-messages',
  last: () => input,
  once(dice: Dice) {
    input = mutated(corpus, dice);
    const text = input.toString();
    checkPrinted(text);
    checkHook(text);
    return checkMessage(dice.below(20) === 0);
  },
});
