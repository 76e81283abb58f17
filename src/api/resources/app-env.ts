// AppEnv: which environment variables an application says it takes (rest-platform.md 8.6).
import { isRefusal } from '../../base/index.ts';
import { anyone } from '../access.ts';
import { defineResource, noContent, ok } from '../define.ts';
import { fetchEnvSchema } from '../env-vars.ts';
import { bad, missing } from '../problem.ts';
import { free, text } from '../schema.ts';

export const appEnv = defineResource({
  name: 'AppEnv',
  routes: [
    {
      method: 'GET',
      path: '/AppEnv',
      summary: 'Ask an application which environment variables it takes; 204 when it names none',
      access: anyone,
      query: { url: text(1024, "The application's hook: http, https, ws or wss") },
      reply: { status: 200, schema: free },
      async handle({ query, ports }) {
        const { url } = query;
        if (typeof url !== 'string') return missing('url');
        if (!/^(https?|wss?):\/\//i.test(url) || !URL.canParse(url)) return bad('url is not valid', 'url');
        const schema = await fetchEnvSchema(url, ports.http);
        if (isRefusal(schema)) return schema;
        return schema ? ok(schema) : noContent;
      },
    },
  ],
});
