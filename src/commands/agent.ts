// Updates of a language model's session: read and checked as contracted. No verb of this version runs one, so each is refused with that reason.
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import { type CommandDefinition, defineCommand } from './define.ts';
import { badValue, oneOf } from './refusals.ts';

type Json = Record<string, unknown>;

/** What all of them have in common until `verb` exists. */
function modelCommand<V>(
  verb: string,
  definition: Omit<CommandDefinition<V>, 'allowed' | 'apply' | 'waitsFor'>,
): CommandDefinition<V> {
  return defineCommand<V>({
    ...definition,
    needs: 'a model',
    waitsFor: verb,
    allowed: () => refuse('no-model', `the call runs no ${verb} verb, which this version does not have`),
    apply: () => ({}),
  });
}

/** What each kind of agent_update must bring (verbs.md 14.2). */
const kinds = {
  update_instructions: { field: 'instructions', fits: (v: unknown) => typeof v === 'string', is: 'text' },
  inject_context: { field: 'messages', fits: Array.isArray, is: 'a list' },
  update_tools: { field: 'tools', fits: Array.isArray, is: 'a list' },
  generate_reply: { field: undefined, fits: () => true, is: '' },
} as const;

const updateOf = (name: string, summary: string): CommandDefinition<Json> =>
  modelCommand<Json>('agent', {
    rest: `${name}_update`,
    ws: `${name}:update`,
    summary,
    schema: {
      type: 'object',
      required: ['type'],
      properties: {
        type: { type: 'string', enum: Object.keys(kinds) },
        instructions: { type: 'string' },
        messages: { type: 'array', items: { type: 'object' } },
        tools: { type: 'array', items: { type: 'object' } },
        user_input: { type: 'string' },
        interrupt: { type: 'boolean' },
      },
    },
    examples: [{ [`${name}_update`]: { type: 'update_instructions', instructions: 'Speak briefly.' } }],
    read(value) {
      if (!isObject(value)) return badValue('must be an object');
      const type = oneOf(value.type, Object.keys(kinds) as (keyof typeof kinds)[]);
      if (isRefusal(type)) return { ...type, path: 'type' };
      const { field, fits, is } = kinds[type];
      return field === undefined || fits(value[field]) ? value : badValue(`must be ${is}`, field);
    },
  });

export const agentUpdate = updateOf(
  'agent',
  'Changes a running agent: its instructions, its context, its tools, or lets it speak.',
);
/** As earlier client libraries call it. */
export const pipelineUpdate = updateOf('pipeline', 'agent_update by its earlier name.');

export const llmUpdate = modelCommand<Json>('llm', {
  rest: 'llm_update',
  ws: 'llm:update',
  summary: "Sends the vendor's own update to a running speech-to-speech session.",
  schema: { type: 'object', minProperties: 1 },
  examples: [{ llm_update: { type: 'session.update', session: { instructions: 'Speak briefly.' } } }],
  read: filledObject,
});

export const llmToolOutput = modelCommand<Json>('llm', {
  rest: 'llm_tool_output',
  ws: 'llm:tool-output',
  companions: ['tool_call_id'],
  companionSchemas: { tool_call_id: { type: 'string', minLength: 1 } },
  summary: 'The answer to a tool call of the model; tool_call_id says to which.',
  schema: { type: 'object', minProperties: 1 },
  examples: [{ llm_tool_output: { type: 'client_tool_result', result: 'sunny' }, tool_call_id: 'call_1' }],
  read(value, body) {
    const id = body.tool_call_id;
    if (id !== undefined && (typeof id !== 'string' || id === '')) return badValue('must be text', 'tool_call_id');
    return filledObject(value);
  },
});

const moves = ['move-to-conference', 'move-from-conference', 'move-to-room', 'move-from-room', 'stop'] as const;

export const llmStatus = modelCommand<string>('llm', {
  rest: 'llm_status',
  ws: 'llm:status',
  companions: ['conference', 'room'],
  companionSchemas: { conference: { type: 'string', minLength: 1 }, room: { type: 'string', minLength: 1 } },
  summary: 'Moves a speech-to-speech session into a conference and back, or ends it.',
  schema: { type: 'string', enum: [...moves] },
  examples: [{ llm_status: 'stop' }, { llm_status: 'move-to-conference', conference: 'support' }],
  read(value, body) {
    const status = oneOf(value, moves);
    if (isRefusal(status)) return status;
    const named = [body.conference, body.room].some((name) => typeof name === 'string' && name !== '');
    return named || !/^move-to/.test(status) ? status : badValue('is needed to move there', 'conference');
  },
});

export const transfer = modelCommand<Json>('transfer', {
  rest: 'transfer',
  ws: 'transfer',
  summary: 'Hands the call over to somebody else, blind or with a word before.',
  schema: {
    type: 'object',
    required: ['mode', 'target'],
    additionalProperties: true,
    properties: {
      mode: { type: 'string', enum: ['blind', 'warm'] },
      target: { type: 'array', minItems: 1, items: { type: 'object' } },
    },
  },
  examples: [{ transfer: { mode: 'blind', target: [{ type: 'phone', number: '15551234567' }] } }],
  read(value) {
    if (!isObject(value)) return badValue('must be an object');
    const mode = oneOf(value.mode, ['blind', 'warm']);
    if (isRefusal(mode)) return { ...mode, path: 'mode' };
    const targets = value.target;
    if (!Array.isArray(targets) || targets.length === 0) return badValue('must be a list of targets', 'target');
    const bad = targets.findIndex((one) => !isObject(one));
    return bad < 0 ? value : badValue('must be an object', `target[${bad}]`);
  },
});

function filledObject(value: unknown): Json | Refusal {
  return isObject(value) && Object.keys(value).length > 0 ? value : badValue('must be an object with something in it');
}
