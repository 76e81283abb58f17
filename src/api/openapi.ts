// The OpenAPI document, made from the routes' own schemas: what is checked is what is documented.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import type { Route } from './define.ts';
import { reply, type Schema, sid, text } from './schema.ts';

export const documentation: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Crosspoint REST API',
      version: '1',
      description:
        'Records and live calls. Also below `/api/v1`. Send an API key as `Authorization: Bearer <key>`: an admin, service-provider or account key, each with its scope.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    security: [{ key: [] }],
  },
};

const problem: Schema = reply({
  msg: { ...text(1000), description: 'What is wrong, for a person' },
  code: { ...text(100), description: 'The same for a program' },
  path: { ...text(1000), description: 'The field that is wrong' },
});

/** What the document says about one route. */
export function routeDocumentation(route: Route, tag: string): FastifySchema & Record<string, unknown> {
  const { method, path, summary, query, body, documents } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
  const params = { type: 'object', properties: Object.fromEntries(names.map((name) => [name, paramSchema(name)])) };
  return {
    tags: [tag],
    summary,
    operationId: operationId(method, path),
    ...(names.length > 0 && { params }),
    ...(query && { querystring: { type: 'object', properties: query } }),
    ...(body && { body: documents?.body ?? body }),
    response: {
      [route.reply.status]: answerSchema(route),
      ...documents?.answers,
      '4xx': { description: 'Refused: the input, the key or the state does not allow it', ...problem },
    },
  };
}

const paramSchema = (name: string): Schema => (name.endsWith('_sid') ? sid : text(255));

function answerSchema({ reply: { schema, text: plain, audio, status } }: Route): Schema {
  const description = status === 201 ? 'Created' : status === 202 ? 'Accepted' : status === 204 ? 'Done' : 'OK';
  if (plain !== undefined)
    return { description, content: { 'text/plain': { schema: { type: 'string', const: plain } } } };
  if (audio) {
    const bytes = { schema: { type: 'string', format: 'binary' } };
    return { description, content: { 'audio/wav': bytes, 'audio/mpeg': bytes } };
  }
  return schema ? { description, ...schema } : { description, type: 'null' };
}

/** `GET /Accounts/:account_sid/Calls/:call_sid` as getAccountsCallsOne. */
function operationId(method: string, path: string): string {
  const parts = path.split('/').filter(Boolean);
  const words = parts.filter((part) => !part.startsWith(':')).map((part) => part[0]!.toUpperCase() + part.slice(1));
  const one = parts.at(-1)!.startsWith(':') ? 'One' : '';
  return method.toLowerCase() + words.join('') + one;
}
