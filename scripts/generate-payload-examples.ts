// Writes an example of every callback payload, as it goes over the wire: test/golden/payloads. With --check it only compares.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { payloads } from '../src/apps/index.ts';
import { snakeCase } from '../src/apps/snake-case.ts';
import { completedFacts, inboundFacts, outboundFacts, sessionExtras, sipInvite } from '../test/kit/call-facts.ts';

/** By name of the payload; of one that has several shapes there are more. */
const examples: Record<keyof typeof payloads | 'amd-tone', object> = {
  base: payloads.base(completedFacts),
  'session-new-inbound': payloads['session-new-inbound'](inboundFacts, { ...sessionExtras, sip: sipInvite }),
  'session-new-outbound': payloads['session-new-outbound'](outboundFacts, sessionExtras),
  'session-redirect': payloads['session-redirect'](inboundFacts),
  'session-adulting': payloads['session-adulting'](outboundFacts, inboundFacts),
  'recording-status': payloads['recording-status']({
    ...completedFacts,
    applicationSid: completedFacts.applicationSid,
    status: 'stored',
    format: 'mp3',
    durationMs: 61_000,
    bytes: 488_000,
    url: `/Accounts/${completedFacts.accountSid}/RecentCalls/${completedFacts.callSid}/record/2026/03/01/mp3`,
  }),
  amd: payloads.amd(outboundFacts, {
    type: 'amd_machine_detected',
    reason: 'hint',
    hint: 'leave a message',
    greeting: 'please leave a message after the tone',
    language: 'en-US',
  }),
  'amd-tone': payloads.amd(outboundFacts, { type: 'amd_tone_detected', frequency: 950, variance: 0.12 }),
  'call-status': payloads['call-status'](completedFacts, { error: 'invalid actionHook response', reason: 'why' }),
};

const folder = new URL('../test/golden/payloads/', import.meta.url);
const check = process.argv.includes('--check');
if (!check) mkdirSync(folder, { recursive: true });
for (const [name, payload] of Object.entries(examples)) {
  const file = new URL(`${name}.json`, folder);
  const text = `${JSON.stringify(snakeCase(payload), null, 2)}\n`;
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`test/golden/payloads/${name}.json is stale: run npm run golden`);
    process.exitCode = 1;
  }
}
