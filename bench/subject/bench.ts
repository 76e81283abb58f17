// What every measure is handed: a server, a load generator and an application, and how to say what was found.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, Generator, startApplication } from './child.ts';
import { type Server, startServer } from './server.ts';

/** One line of the table. */
export interface Row {
  /** The aim's letter, or nothing. */
  id: string;
  what: string;
  /** Of each repeat. */
  found: string;
  aim: string;
  met: boolean | undefined;
  note: string;
}

export interface Options {
  /** Shorter and fewer: for trying the bench itself. */
  quick: boolean;
  /** Node options of the server, as `--cpu-prof`. */
  nodeOptions: string[];
  say(line: string): void;
}

export interface Stage {
  server: Server;
  application: Application;
  options: Options;
  /** A generator with nothing placed yet, calling the application; closed by the stage. */
  generator(rtp?: { send: boolean }): Promise<Generator>;
}

export type Measure = (stage: Stage) => Promise<Row[]>;

/** Sets the stage, measures, and clears it away whatever happens. */
export async function onStage(options: Options, measure: Measure, more: string[] = []): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-bench-'));
  const closers: (() => unknown)[] = [];
  try {
    const application = await startApplication();
    closers.push(() => application.close());
    const nodeOptions = [...options.nodeOptions, ...more];
    const server = await startServer({ dataDir: join(folder, 'data'), nodeOptions });
    closers.push(() => server.stop());
    const user = await server.application(application.origin);
    const generator = async ({ send } = { send: true }): Promise<Generator> => {
      const one = new Generator();
      closers.push(() => one.close());
      await one.ask('start', { server: server.ready.sip.udp, user, sendRtp: send });
      return one;
    };
    const rows = await measure({ server, application, options, generator });
    closers.unshift(() => rmSync(folder, { recursive: true, force: true }));
    return rows;
  } catch (error) {
    options.say(`failed; the server's log is kept: ${folder}/data.log`);
    throw error;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
