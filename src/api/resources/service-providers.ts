// ServiceProviders: read (rest-platform.md 8.1).
import type { ServiceProvider } from '../../store/index.ts';
import { anyone, inProvider } from '../access.ts';
import { defineResource, ok } from '../define.ts';
import { notFound } from '../problem.ts';
import { list, orNull, reply, type Schema, sid, text } from '../schema.ts';

const row: Schema = reply({
  service_provider_sid: sid,
  name: text(64),
  description: orNull(text(255)),
  root_domain: orNull(text(128)),
  ms_teams_fqdn: { type: 'null' },
  registration_hook: { type: 'null' },
});

const show = ({ service_provider_sid, name, description, root_domain }: ServiceProvider): object => ({
  service_provider_sid,
  name,
  description,
  root_domain,
  ms_teams_fqdn: null,
  registration_hook: null,
});

export const serviceProviders = defineResource({
  name: 'ServiceProviders',
  routes: [
    {
      method: 'GET',
      path: '/ServiceProviders',
      summary: 'List the service providers that the key may see',
      access: anyone,
      reply: { status: 200, schema: list(row) },
      async handle({ caller, ports: { records } }) {
        const where = caller.scope === 'admin' ? {} : { service_provider_sid: caller.service_provider_sid };
        return ok((await records.serviceProviders.list({ where })).map(show));
      },
    },
    {
      method: 'GET',
      path: '/ServiceProviders/:service_provider_sid',
      summary: 'Retrieve a service provider',
      access: inProvider,
      reply: { status: 200, schema: row },
      async handle({ params, ports: { records } }) {
        const found = await records.serviceProviders.get(params.service_provider_sid!);
        return found ? ok(show(found)) : notFound();
      },
    },
  ],
});
