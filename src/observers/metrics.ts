// Metrics for Prometheus: calls, set-up and update times, audio and SIP health.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Call, CallEvent, Directory } from '../calls/index.ts';

/** What is read when somebody asks. */
export interface MetricSources {
  directory: Directory;
  media(): { ports: number; packetsSent: number; packetsReceived: number; packetsLate: number; loopDelayP99Ms: number };
  sip(): {
    received: number;
    sent: number;
    bad: number;
    retransmitted: number;
    transactions: number;
    dialogs: number;
    connections: number;
  };
  /** Delay of the main loop, p99 in ms since it was last asked for. */
  mainLoopDelayMs(): number;
}

export interface Metrics {
  onEvent(call: Call, event: CallEvent): void;
  text(): Promise<string>;
}

const secondsBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

export function makeMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()];
  const ended = new Counter({
    name: 'crosspoint_calls_total',
    help: 'Calls that have ended, by direction and last status',
    labelNames: ['direction', 'status'],
    registers,
  });
  const setup = new Histogram({
    name: 'crosspoint_call_setup_seconds',
    help: 'From the first INVITE to the answer',
    labelNames: ['direction'],
    buckets: secondsBuckets,
    registers,
  });
  const update = new Histogram({
    name: 'crosspoint_update_effect_seconds',
    help: 'From a live update to the first packet that it changed',
    labelNames: ['command'],
    buckets: secondsBuckets,
    registers,
  });
  const hooks = new Histogram({
    name: 'crosspoint_hook_seconds',
    help: 'Time an application took to answer a hook',
    labelNames: ['hook'],
    buckets: secondsBuckets,
    registers,
  });
  const failed = new Counter({
    name: 'crosspoint_hook_failures_total',
    help: 'Hooks that failed',
    labelNames: ['hook', 'code'],
    registers,
  });
  const alerts = new Counter({
    name: 'crosspoint_alerts_total',
    help: 'Alerts by type',
    labelNames: ['alert'],
    registers,
  });
  addGauges(sources, registers);
  addCounters(sources, registers);
  const counted: Partial<Record<CallEvent['type'], (call: Call, event: CallEvent) => void>> = {
    ended: (call, e) => ended.inc({ direction: call.facts.direction, status: String(e.status) }),
    status: (call, e) => {
      const started = call.events.all[0]?.at;
      if (e.status === 'in-progress' && started !== undefined)
        setup.observe({ direction: call.facts.direction }, (e.at - started) / 1000);
    },
    effect: (_, e) => update.observe({ command: String(e.command) }, Number(e.applied_ms) / 1000),
    'hook-answered': (_, e) => hooks.observe({ hook: String(e.hook) }, Number(e.elapsed_ms) / 1000),
    'hook-failed': (_, e) => failed.inc({ hook: String(e.hook), code: String(e.code) }),
    alert: (_, e) => alerts.inc({ alert: String(e.alert) }),
  };
  return { onEvent: (call, event) => counted[event.type]?.(call, event), text: () => registers[0]!.metrics() };
}

function addGauges(sources: MetricSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `crosspoint_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const calls = new Gauge({
    name: 'crosspoint_calls',
    help: 'Live calls by direction',
    labelNames: ['direction'],
    registers,
    collect() {
      const { inbound, outbound } = sources.directory.count(undefined);
      this.set({ direction: 'inbound' }, inbound);
      this.set({ direction: 'outbound' }, outbound);
    },
  });
  calls.set({ direction: 'inbound' }, 0);
  gauge('media_ports', 'Audio ports open', () => sources.media().ports);
  gauge(
    'media_loop_delay_seconds',
    'Delay of the slowest media worker, p99',
    () => sources.media().loopDelayP99Ms / 1000,
  );
  gauge('main_loop_delay_seconds', 'Delay of the main process, p99', () => sources.mainLoopDelayMs() / 1000);
  gauge('sip_transactions', 'SIP transactions alive', () => sources.sip().transactions);
  gauge('sip_dialogs', 'SIP dialogs alive, early ones included', () => sources.sip().dialogs);
  gauge('sip_connections', 'TCP connections of SIP open', () => sources.sip().connections);
}

/** Counts that somebody else keeps. */
function addCounters(sources: MetricSources, registers: Registry[]): void {
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `crosspoint_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  counter('rtp_packets_sent', 'RTP packets sent', () => sources.media().packetsSent);
  counter('rtp_packets_received', 'RTP packets received', () => sources.media().packetsReceived);
  counter('rtp_packets_late', 'RTP packets sent more than 10 ms after their time', () => sources.media().packetsLate);
  counter('sip_messages_received', 'SIP messages received', () => sources.sip().received);
  counter('sip_messages_sent', 'SIP messages sent', () => sources.sip().sent);
  counter('sip_messages_bad', 'SIP messages that were none', () => sources.sip().bad);
  counter(
    'sip_messages_retransmitted',
    'SIP messages sent or received again: packets are lost, or somebody is slow',
    () => sources.sip().retransmitted,
  );
}
