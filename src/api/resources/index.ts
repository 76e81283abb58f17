// The REST resources, in the order of the documentation. A new one is one file and one line here.
import type { Resource } from '../define.ts';
import { accounts } from './accounts.ts';
import { apiKeys } from './api-keys.ts';
import { appEnv } from './app-env.ts';
import { applications } from './applications.ts';
import { calls } from './calls.ts';
import { conferences } from './conferences.ts';
import { queues } from './queues.ts';
import { recordings } from './recordings.ts';
import { serviceProviders } from './service-providers.ts';
import { speechCredentials } from './speech-credentials.ts';

export const resources: readonly Resource[] = [
  calls,
  conferences,
  queues,
  applications,
  appEnv,
  accounts,
  apiKeys,
  speechCredentials,
  recordings,
  serviceProviders,
];
