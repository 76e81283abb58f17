// Main: one program, started with one command. Reads settings, starts the server, says where it is, stops it on a signal.
import { type Address, addressText, errorText, isFault, isRefusal, realClock, realRandom } from './base/index.ts';
import { type Config, configurationPage, readConfig } from './config.ts';
import { greeting } from './greeting.ts';
import { openLog } from './logging.ts';
import { reachable, type Server, startServer } from './server.ts';

/** A stop that takes longer than this is ended, so that a supervisor need not. */
const longestStopMs = 4_500;

const clock = realClock();
const config = readConfig(process.env, process.argv.slice(2));
if (isRefusal(config)) exit(2, config.reason);
else if (config.help) process.stdout.write(configurationPage());
else await main(config);

async function main(settings: Config): Promise<void> {
  const readable = process.stderr.isTTY === true;
  const { log, flush } = openLog({ level: settings.logLevel, clock, readable, colour: readable });
  let stopping: Promise<void> | undefined;
  let server: Server | undefined;
  const stop = (signal: string): void => {
    stopping ??= leave(signal);
  };
  const leave = async (signal: string): Promise<void> => {
    log.info(`stopping on ${signal}`);
    const late = clock.after(longestStopMs, () => {
      log.error(`not stopped after ${longestStopMs} ms; leaving`);
      flush();
      process.exit(1);
    });
    await starting.catch(() => {});
    await server?.stop();
    late.cancel();
    flush();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  // A bug outside any call: it is said, and the other calls go on.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) =>
      log.error('a bug outside any call', {
        error: errorText(error),
        stack: error instanceof Error ? error.stack : undefined,
      }),
    );
  const starting = startServer({ config: settings, clock, random: realRandom(), log });
  try {
    server = await starting;
  } catch (error) {
    flush();
    return exit(
      1,
      isFault(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  if (stopping) return;
  announce(server, settings);
}

function announce(server: Server, settings: Config): void {
  const { keys } = server.seed;
  const { sip } = server.house;
  const here = (address: Address): string => addressText(reachable(settings, address, 'here'));
  const line = {
    http: `http://${here(server.http)}`,
    sip: { udp: here(sip.udp), tcp: here(sip.tcp) },
    account_sid: keys.account_sid,
    account_api_key: keys.account_api_key,
    service_provider_sid: keys.service_provider_sid,
    sp_api_key: keys.sp_api_key,
    admin_api_key: keys.admin_api_key,
    sip_realm: keys.sip_realm,
  };
  const forPhones = addressText(reachable(settings, sip.udp, 'elsewhere'));
  process.stdout.write(
    settings.json
      ? `${JSON.stringify(line)}\n`
      : greeting(line, { seed: server.seed, config: settings, sip: forPhones }),
  );
}

function exit(code: number, reason: string): void {
  process.stderr.write(`crosspoint: ${reason}\n`);
  process.exitCode = code;
  if (code !== 0) process.exit(code);
}
