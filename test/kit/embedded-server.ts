// A process with an embedded database, for tests that kill it: prints {url, pids} and stays.
import { realClock, realRandom, silentLog } from '../../src/base/index.ts';
import { startEmbedded } from '../../src/store/embedded.ts';

const [dataDir = ''] = process.argv.slice(2);
const embedded = await startEmbedded({ dataDir, log: silentLog, clock: realClock(), random: realRandom() });
process.stdout.write(`${JSON.stringify({ url: embedded.url, pids: embedded.pids })}\n`);
setInterval(() => {}, 60_000);
