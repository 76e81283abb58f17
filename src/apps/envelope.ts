// Messages from a socket application: an `ack`, a `command`, or something to be refused (app-interfaces.md 4.3 to 4.5).
import { errorText } from '../base/index.ts';
import { parseJson } from './json.ts';
import type { AppCommand } from './types.ts';

export type AppMessage =
  | { kind: 'ack'; msgid: string; data: unknown }
  | { kind: 'command'; command: AppCommand }
  | { kind: 'refused'; details: string };

/** Commands that may come without `data`. */
const dataless = new Set(['llm:tool-output', 'tts:flush', 'tts:clear']);

/** Commands which the schema's guide writes as message types of their own (4.4 DIFF). */
const shorthand = new Set(['llm:tool-output', 'tts:tokens', 'tts:flush', 'tts:clear']);

const refused = (details: string): AppMessage => ({ kind: 'refused', details });
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Never throws. */
export function parseMessage(data: string | Uint8Array): AppMessage {
  if (typeof data !== 'string') return refused('messages are JSON text; a binary frame was received');
  let message: unknown;
  try {
    message = parseJson(data);
  } catch (error) {
    return refused(errorText(error));
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return refused('a message must be a JSON object');
  }
  return parseEnvelope(message as Record<string, unknown>);
}

function parseEnvelope(message: Record<string, unknown>): AppMessage {
  const { type } = message;
  if (type === undefined) return refused('missing type property');
  if (type === 'ack') {
    if (!isText(message.msgid)) return refused('missing msgid property: an ack needs that of the message it answers');
    return { kind: 'ack', msgid: message.msgid, data: message.data ?? undefined };
  }
  if (type === 'command') return parseCommand(message, message.command);
  if (typeof type === 'string' && shorthand.has(type)) return parseCommand(withData(message), type);
  return refused('invalid message type: an application sends ack and command');
}

/** The shorthand may write its fields beside the type: {type: "tts:tokens", id, tokens}. */
function withData(message: Record<string, unknown>): Record<string, unknown> {
  const { type: _type, msgid: _msgid, tool_call_id, callSid, call_sid: _callSid, data, ...rest } = message;
  return { tool_call_id, callSid, data: data ?? (Object.keys(rest).length > 0 ? rest : undefined) };
}

function parseCommand(message: Record<string, unknown>, command: unknown): AppMessage {
  if (!isText(command)) return refused('missing command property');
  const data = message.data ?? undefined;
  if (data === undefined && !dataless.has(command)) return refused(`missing data property: ${command} needs it`);
  const { callSid, tool_call_id: toolCallId } = message;
  return {
    kind: 'command',
    command: {
      command,
      data,
      queueCommand: message.queueCommand === true || message.queueCommand === 'true',
      callSid: isText(callSid) ? callSid : undefined,
      toolCallId: isText(toolCallId) || typeof toolCallId === 'number' ? String(toolCallId) : undefined,
    },
  };
}
