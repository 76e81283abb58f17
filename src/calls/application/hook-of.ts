// A webhook record as a hook: without the members that are null.
import type { HookInput } from '../../apps/index.ts';
import type { WebhookRecord } from '../../store/index.ts';

export function hookOf({ url, method, username, password }: WebhookRecord): HookInput {
  return { url, method, ...(username !== null && { username }), ...(password !== null && { password }) };
}
