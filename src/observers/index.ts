// observers: they listen to the events of calls; nothing waits for them. One file per sink, one line here.
import type { Call, CallEvent } from '../calls/index.ts';
import { logCall } from './call-log.ts';
import { type MetricSources, type Metrics, makeMetrics } from './metrics.ts';

export { explain } from './explain.ts';
export type { Metrics } from './metrics.ts';

export type Observer = (call: Call, event: CallEvent) => void;

/** Every sink, in the order in which an event reaches them. */
export function observe(sources: MetricSources): { onEvent: Observer; metrics: Metrics } {
  const metrics = makeMetrics(sources);
  const observers: Observer[] = [logCall, metrics.onEvent];
  return {
    metrics,
    onEvent: (call, event) => {
      for (const observer of observers) observer(call, event);
    },
  };
}
