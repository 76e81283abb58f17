// docs/live-control.md, written from the commands' definitions so that it cannot drift from them.
import type { AnyCommand } from './define.ts';

const head = `# Live control

Written from the definitions in \`src/commands\` by \`npm run golden\`; do not edit it by hand.

A call is changed while it lives with \`PUT /v1/Accounts/{AccountSid}/Calls/{CallSid}\` (POST does the same), or with a \`command\`
message on the application's own WebSocket. \`CallSid\` names the leg: of a dialled call its own sid, else the caller's.

- **202**: the update acts. What fails later, a hook that answers 500 or a far end that refuses, is an event in the call's log and an alert.
- **\`?wait=true\`**: the answer comes when the effect has reached the wire: 200 \`{"applied_ms": 14.2}\`, or 422 with what went wrong.
- **400**: the body can never be right; \`path\` names what is wrong. **404**: no such call. **422**: not now; \`msg\` says why. Nothing has changed then.
- One field at a time; \`tag\` and \`whisper\` may stand beside any other, \`child_call_hook\` beside \`call_hook\`. Contradictory fields are refused by name.
- On the socket: \`{"type": "command", "command": "…", "data": …}\`, with \`callSid\` for another leg of the call. Nothing is answered; a refusal is an event in the call's log.

`;

export const liveControlPage = (commands: readonly AnyCommand[]): string =>
  `${head}${table(commands)}\n${commands.map(section).join('\n')}`;

function table(commands: readonly AnyCommand[]): string {
  const rows = commands.map((c) => {
    const fields = [c.rest, ...(c.companions ?? [])].map((name) => `\`${name}\``).join(', ');
    return `| ${fields} | \`${c.ws}\` | ${c.needs ?? ''} |`;
  });
  return ['| field | on the socket | needs |', '|---|---|---|', ...rows, ''].join('\n');
}

function section(command: AnyCommand): string {
  const { rest, ws, summary, schema, companionSchemas = {}, examples, waitsFor } = command;
  const values = [`- \`${rest}\`: ${described(schema)}`];
  for (const [name, companion] of Object.entries(companionSchemas))
    values.push(`- \`${name}\`: ${described(companion)}`);
  const later =
    waitsFor === undefined ? [] : [`This version has no \`${waitsFor}\` verb: it is always refused with 422.`, ''];
  const message = { type: 'command', command: ws, data: examples[0]?.[rest] };
  return [
    `## ${rest}`,
    '',
    summary,
    '',
    ...later,
    ...values,
    '',
    '```http',
    ...examples.map((example) => `PUT /v1/Accounts/{AccountSid}/Calls/{CallSid}   ${JSON.stringify(example)}`),
    '```',
    '',
    'On the socket:',
    '',
    '```json',
    JSON.stringify(message),
    '```',
    '',
  ].join('\n');
}

/** A schema in words. */
function described(schema: Record<string, unknown>): string {
  const { enum: values, type, oneOf, properties, minimum, maximum, required } = schema;
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (Array.isArray(oneOf)) return oneOf.map((one) => described(one as Record<string, unknown>)).join(', or ');
  if (typeof properties === 'object' && properties !== null) {
    const needed = Array.isArray(required) ? required : [];
    const fields = Object.entries(properties as Record<string, Record<string, unknown>>);
    const list = fields.map(
      ([name, field]) => `\`${name}\`${needed.includes(name) ? ' (required)' : ''} ${described(field)}`,
    );
    return `an object: ${list.join('; ')}`;
  }
  const range = minimum === undefined && maximum === undefined ? '' : ` from ${String(minimum)} to ${String(maximum)}`;
  return `${words[String(type)] ?? 'any value'}${range}`;
}

const words: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};
