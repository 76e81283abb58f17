// Metrics: what events add up to, and what is read when Prometheus asks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, CallEvent } from '../calls/index.ts';
import { observe } from './index.ts';

const sources = {
  directory: { count: () => ({ inbound: 3, outbound: 1 }) },
  media: () => ({ ports: 4, packetsSent: 100, packetsReceived: 90, packetsLate: 1, loopDelayP99Ms: 2 }),
  sip: () => ({ received: 9, sent: 8, bad: 1, retransmitted: 2, transactions: 3, dialogs: 4, connections: 5 }),
  mainLoopDelayMs: () => 7,
};
const quiet = () => {};
const call = {
  facts: { direction: 'inbound' },
  events: { all: [{ at: 1_000, type: 'created' }] },
  log: { wants: () => true, debug: quiet, info: quiet, warn: quiet, error: quiet },
} as unknown as Call;

async function valuesAfter(events: Omit<CallEvent, 'at'>[]): Promise<Map<string, number>> {
  const { onEvent, metrics } = observe(sources as unknown as Parameters<typeof observe>[0]);
  for (const event of events) onEvent(call, { at: 1_250, ...event } as CallEvent);
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('events are counted under their labels', async () => {
  const values = await valuesAfter([
    { type: 'status', status: 'trying' },
    { type: 'status', status: 'in-progress' },
    { type: 'effect', command: 'mute_status', applied_ms: 15 },
    { type: 'hook-answered', hook: 'verb:hook', elapsed_ms: 40 },
    { type: 'hook-failed', hook: 'verb:hook', code: 'hook-timeout' },
    { type: 'alert', alert: 'no-tts' },
    { type: 'alert', alert: 'no-tts' },
    { type: 'ended', status: 'completed' },
  ]);
  for (const [name, value] of [
    ['crosspoint_calls_total{direction="inbound",status="completed"}', 1],
    ['crosspoint_call_setup_seconds_sum{direction="inbound"}', 0.25],
    ['crosspoint_call_setup_seconds_count{direction="inbound"}', 1],
    ['crosspoint_update_effect_seconds_bucket{le="0.02",command="mute_status"}', 1],
    ['crosspoint_update_effect_seconds_bucket{le="0.01",command="mute_status"}', 0],
    ['crosspoint_hook_seconds_sum{hook="verb:hook"}', 0.04],
    ['crosspoint_hook_failures_total{hook="verb:hook",code="hook-timeout"}', 1],
    ['crosspoint_alerts_total{alert="no-tts"}', 2],
  ] as const)
    assert.equal(values.get(name), value, name);
});

test('gauges are read when somebody asks', async () => {
  const values = await valuesAfter([]);
  for (const [name, value] of [
    ['crosspoint_calls{direction="inbound"}', 3],
    ['crosspoint_calls{direction="outbound"}', 1],
    ['crosspoint_media_ports', 4],
    ['crosspoint_rtp_packets_sent_total', 100],
    ['crosspoint_rtp_packets_late_total', 1],
    ['crosspoint_media_loop_delay_seconds', 0.002],
    ['crosspoint_main_loop_delay_seconds', 0.007],
    ['crosspoint_sip_messages_retransmitted_total', 2],
    ['crosspoint_sip_dialogs', 4],
  ] as const)
    assert.equal(values.get(name), value, name);
});

test('what only grows is a counter, and nothing else is named as one', async () => {
  const { metrics } = observe(sources as unknown as Parameters<typeof observe>[0]);
  await metrics.text();
  const types = (await metrics.text()).match(/^# TYPE .*$/gm) ?? [];
  assert.ok(types.length > 10);
  for (const line of types) {
    assert.equal(/_total (?!counter$)|(?<!_total) counter$/.test(line), false, line);
    assert.doesNotMatch(line, /_ms /, 'Prometheus counts in seconds');
  }
});

test('what is read is not added up when it is read again', async () => {
  const { metrics } = observe(sources as unknown as Parameters<typeof observe>[0]);
  assert.equal(await metrics.text(), await metrics.text());
});

test('two servers in one process do not share their numbers', async () => {
  await valuesAfter([{ type: 'ended', status: 'completed' }]);
  const values = await valuesAfter([{ type: 'ended', status: 'busy' }]);
  assert.equal(values.get('crosspoint_calls_total{direction="inbound",status="completed"}'), undefined);
});
