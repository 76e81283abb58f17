// docs/live-control.md, written from the commands' definitions so that it cannot drift from them.
import type { AnyCommand, AnySocketCommand, CommandNeed } from './define.ts';

const head = `# Live control

Written from the definitions in \`src/commands\` by \`npm run golden\`; do not edit it by hand. Every example on this page is sent by
a test, over both doors.

A call is changed while it lives with \`PUT /v1/Accounts/{AccountSid}/Calls/{CallSid}\` (POST does the same), or with a \`command\`
message on the application's own WebSocket. \`CallSid\` names the leg: of a dialled call its own sid, else the caller's.

\`\`\`sh
curl -X PUT -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  "$API/Accounts/$ACCOUNT/Calls/$CALL?wait=true" -d '{"mute_status": "mute"}'
\`\`\`

- **202**: the update acts. What fails later, a hook that answers 500 or a far end that refuses, is an event in the call's log and an alert.
- **\`?wait=true\`**: the answer comes when the effect has reached the wire: 200 \`{"applied_ms": 14.2}\`, or 422 with what went wrong
  (after 10 s: that it is still on its way).
- **400**: the body can never be right; \`path\` names what is wrong. **404**: no such call. **422**: not now; \`msg\` says why. Nothing has changed then.
- A refusal is \`{"msg": "the call has no audio yet", "code": "no-media"}\`, with the field's \`path\` when there is one.
- One field at a time; \`tag\` may stand beside any other, \`whisper\` beside any but \`call_status\`, \`child_call_hook\` beside \`call_hook\`.
  Contradictory fields are refused by name, and so is what no field knows.
- A hook is a path on the application's server (\`/next\`), an absolute http, https, ws or wss URL, or an object: \`url\`, \`method\` (GET, POST),
  \`username\`, \`password\`.
- On the socket: \`{"type": "command", "command": "…", "data": …}\`, with \`callSid\` for another leg of the call.
  \`data\` is the field's value, or an object with the field and what belongs to it. Nothing is answered; a refusal is an event in the call's log.

`;

/** What a need means, and what a call without it is told. */
const needs: Record<CommandNeed, string> = {
  nothing: 'A call that has not ended; 422 afterwards.',
  'an answered call': 'An answered call; 422 before.',
  audio: 'A call with audio: answered, or with early media; 422 before.',
  'a bridge': 'Two calls that a dial or a queue has joined; 422 without.',
  'a conference': 'A call in a conference; 422 without.',
  'a stream': 'A running listen or stream, of its own or nested; 422 without.',
  'a transcription': 'A running transcription, of its own, nested or in the background; 422 without.',
  'a model': 'A running model; 422 without.',
};

export const liveControlPage = (commands: readonly AnyCommand[], socketCommands: readonly AnySocketCommand[]): string =>
  `${head}${table(commands, socketCommands)}\n${commands.map(section).join('\n')}\n${socketCommands.map(socketSection).join('\n')}`;

function table(commands: readonly AnyCommand[], socketCommands: readonly AnySocketCommand[]): string {
  const rows = commands.map((c) => {
    const fields = [c.rest, ...(c.companions ?? [])].map((name) => `\`${name}\``).join(', ');
    return `| ${fields} | \`${c.ws}\` | ${c.needs ?? 'nothing'} |`;
  });
  const onSocket = socketCommands.map(({ ws }) => `| – | \`${ws}\` | nothing |`);
  return ['| field | on the socket | needs |', '|---|---|---|', ...rows, ...onSocket, ''].join('\n');
}

function socketSection({ ws, summary, schema, refuses, socketExamples }: AnySocketCommand): string {
  return [
    `## ${ws}, on the socket only`,
    '',
    summary,
    '',
    `- \`data\`: ${described(schema)}`,
    '',
    ...(refuses ? [`**Refuses**: ${refuses.join('; ')}.`, ''] : []),
    '```json',
    ...socketExamples.map((data) => JSON.stringify({ type: 'command', command: ws, data })),
    '```',
    '',
  ].join('\n');
}

function section(command: AnyCommand): string {
  const { rest, summary, schema, companionSchemas = {}, examples, socketExamples = [], waitsFor } = command;
  const values = Object.entries({ [rest]: schema, ...companionSchemas }).map(([name, one]) => lines(name, one));
  const later =
    waitsFor === undefined ? [] : [`This version has no \`${waitsFor}\` verb: it is always refused with 422.`, ''];
  const onSocket = [
    ...examples.map((example) => socketMessage(command, example)),
    ...socketExamples.map((data) => ({ type: 'command', command: command.ws, data })),
  ];
  return [
    `## ${rest}`,
    '',
    summary,
    '',
    ...later,
    ...values.flat(),
    '',
    `**Needs**: ${needs[command.needs ?? 'nothing']}`,
    '',
    ...(command.refuses ? [`**Refuses**: ${command.refuses.join('; ')}.`, ''] : []),
    '```http',
    ...examples.map((example) => `PUT /v1/Accounts/{AccountSid}/Calls/{CallSid}   ${JSON.stringify(example)}`),
    '```',
    '',
    'On the socket:',
    '',
    '```json',
    ...onSocket.map((message) => JSON.stringify(message)),
    '```',
    '',
  ].join('\n');
}

/** What the socket is sent for a REST body: the field's value, or all of the body when more stands in it. */
function socketMessage({ rest, ws, readSocket }: AnyCommand, body: Record<string, unknown>): Record<string, unknown> {
  const { tool_call_id, ...fields } = body;
  const whole = readSocket !== undefined || Object.keys(fields).length > 1;
  return {
    type: 'command',
    command: ws,
    ...(tool_call_id !== undefined && { tool_call_id }),
    data: whole ? fields : fields[rest],
  };
}

type Schema = Record<string, unknown>;

/** A field and its values; properties of an object below it. */
function lines(name: string, schema: Schema, indent = ''): string[] {
  const { properties } = schema;
  if (!isSchema(properties)) return [`${indent}- \`${name}\`: ${described(schema)}`];
  const needed = requiredOf(schema);
  const below = Object.entries(properties as Record<string, Schema>).flatMap(([key, one]) => {
    const [first = '', ...rest] = lines(key, one, `${indent}  `);
    return [needed.includes(key) ? `${first} (required)` : first, ...rest];
  });
  return [`${indent}- \`${name}\`: an object`, ...below];
}

/** A schema in words. */
function described(schema: Schema): string {
  const { title, enum: values, type, oneOf, properties, minimum, maximum, description } = schema;
  const note = typeof description === 'string' ? `; ${description}` : '';
  if (typeof title === 'string') return title + note;
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ') + note;
  if (Array.isArray(oneOf)) return oneOf.map((one) => described(one as Schema)).join(', or ') + note;
  if (isSchema(properties)) {
    const needed = requiredOf(schema);
    const fields = Object.entries(properties as Record<string, Schema>).map(
      ([name, field]) => `\`${name}\` ${described(field)}${needed.includes(name) ? ' (required)' : ''}`,
    );
    return `an object of ${fields.join(', ')}${note}`;
  }
  const range = minimum === undefined && maximum === undefined ? '' : ` from ${String(minimum)} to ${String(maximum)}`;
  return `${words[String(type)] ?? 'any value'}${range}${note}`;
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

const requiredOf = ({ required }: Schema): string[] => (Array.isArray(required) ? required.map(String) : []);

const words: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};
