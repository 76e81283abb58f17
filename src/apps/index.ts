// apps: the customer's application, over webhooks and WebSocket.
import type { AppsPorts } from './context.ts';
import { shutdownWaitMs } from './limits.ts';
import { Session } from './session.ts';
import { type AppsSettings, defaultAppsSettings } from './settings.ts';
import type { Apps } from './types.ts';

export * from './payloads/index.ts';
export { type AppsSettings, defaultAppsSettings } from './settings.ts';
export * from './types.ts';

/** The room. Settings left out have the reference's defaults. */
export function createApps(
  ports: Omit<AppsPorts, 'settings' | 'counters'> & { settings?: Partial<AppsSettings> },
): Apps {
  const counters = { sockets: 0 };
  const all: AppsPorts = { ...ports, counters, settings: { ...defaultAppsSettings, ...ports.settings } };
  const sessions = new Set<Session>();
  return {
    open(options) {
      const session = new Session(all, options, () => sessions.delete(session));
      sessions.add(session);
      return session;
    },
    stats: () => ({ sessions: sessions.size, sockets: counters.sockets }),
    async close() {
      await Promise.all([...sessions].map((session) => session.close(1000, shutdownWaitMs)));
    },
  };
}
