// The facts of a call as every payload and record shows them.
import type { CallFacts } from '../../apps/index.ts';
import { randomHex } from '../../base/index.ts';
import type { CallOwner, CallWorld } from '../types.ts';

export type FirstFacts = Pick<CallFacts, 'callSid' | 'direction' | 'from' | 'to' | 'callId'> & Partial<CallFacts>;

/** Fills in what is the same for every call of this server. */
export function makeFacts(world: CallWorld, owner: CallOwner, first: FirstFacts): CallFacts {
  const { sipAddress, publicIp, apiBaseUrl } = world.settings;
  return {
    accountSid: owner.account.account_sid,
    ...(owner.application && { applicationSid: owner.application.application_sid }),
    traceId: randomHex(world.random, 16),
    callStatus: 'trying',
    sipStatus: 100,
    sipReason: 'Trying',
    fsSipAddress: sipAddress,
    ...(publicIp !== undefined && { fsPublicIp: publicIp }),
    ...(apiBaseUrl !== undefined && { apiBaseUrl }),
    ...first,
  };
}
