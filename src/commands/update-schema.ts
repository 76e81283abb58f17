// The body of an update as a JSON schema, for the OpenAPI document: made of the commands' own, so that it cannot drift from them.
import type { AnyCommand } from './define.ts';

type Schema = Record<string, unknown>;

export function updateSchemaOf(commands: readonly AnyCommand[]): Schema {
  const properties: Record<string, Schema> = {};
  for (const { rest, summary, schema, companionSchemas = {}, waitsFor } of commands) {
    const later = waitsFor === undefined ? '' : ` This version has no ${waitsFor} verb: always 422.`;
    properties[rest] = { ...schema, description: `${summary}${later}` };
    for (const [name, companion] of Object.entries(companionSchemas))
      properties[name] ??= { ...companion, description: `Beside ${rest}. ${companion.description ?? ''}`.trim() };
  }
  return {
    type: 'object',
    description:
      'One field at a time; tag may stand beside any other, whisper beside any but call_status, child_call_hook beside call_hook. See docs/live-control.md.',
    minProperties: 1,
    additionalProperties: false,
    properties,
    examples: commands.filter(({ waitsFor }) => waitsFor === undefined).map(({ examples }) => examples[0]),
  };
}
