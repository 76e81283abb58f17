// A text frame of a stream's server. Megabytes of base64 are not read as JSON, which would hold up every other leg of the worker.
import { isObject } from '../../../base/index.ts';

/** Shorter ones are read in microseconds. */
const longText = 64 * 1024;
const audioKey = /"audioContent"\s*:\s*"/;

/** Undefined when it is no JSON object. */
export function readMessage(text: string): Record<string, unknown> | undefined {
  try {
    return text.length > longText ? readLong(text) : objectOf(text);
  } catch {
    return undefined;
  }
}

function objectOf(text: string): Record<string, unknown> | undefined {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : undefined;
}

/** The audio is taken out, and put back when the rest has been read. */
function readLong(text: string): Record<string, unknown> | undefined {
  const key = audioKey.exec(text);
  const from = key ? key.index + key[0].length : 0;
  const to = key ? text.indexOf('"', from) : -1;
  if (to < 0) return objectOf(text);
  const message = objectOf(text.slice(0, from) + text.slice(to));
  if (message && isObject(message.data)) message.data.audioContent = text.slice(from, to);
  return message;
}
