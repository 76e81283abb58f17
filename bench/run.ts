// The bench: the real server under an independent load. npm run bench [-- --only a,b,c,d,f,g,h,i,j,rest --quick --node-options=--cpu-prof]
import { parseArgs } from 'node:util';
import { stolenMeter } from '../scripts/stolen.ts';
import { bridgedCalls, roundTrip } from './measures/bridges.ts';
import { conference } from './measures/conference.ts';
import { growth } from './measures/growth.ts';
import { listenCalls } from './measures/listen.ts';
import { promptCalls } from './measures/prompts.ts';
import { callRate } from './measures/rate.ts';
import { rest } from './measures/rest.ts';
import { setupTimes } from './measures/setup.ts';
import { updateTimes } from './measures/update.ts';
import { type Options, onStage, type Row } from './subject/bench.ts';
import { collecting } from './subject/server.ts';
import { keep, printTable, writeResults } from './table.ts';

const measures: Record<string, (options: Options) => Promise<Row[]>> = {
  rest,
  a: (options) => onStage(options, promptCalls),
  b: (options) => onStage(options, callRate),
  c: (options) => onStage(options, updateTimes),
  d: (options) => onStage(options, setupTimes),
  f: (options) => onStage(options, growth, collecting),
  g: bridgedCalls,
  h: roundTrip,
  i: conference,
  j: (options) => onStage(options, listenCalls),
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'node-options': { type: 'string', default: '' },
  },
});
const wanted = values.only?.split(',') ?? Object.keys(measures);
const unknown = wanted.find((name) => !(name in measures));
if (unknown !== undefined) {
  console.error(`there is no measure ${unknown}: there are ${Object.keys(measures).join(', ')} (e is measured with a)`);
  process.exit(2);
}
const options: Options = {
  quick: values.quick,
  nodeOptions: values['node-options'].split(' ').filter((one) => one !== ''),
  say: (line) => console.error(`  ${line}`),
};
const rows: Row[] = [];
for (const name of wanted) {
  console.error(`measuring ${name}`);
  const stolen = stolenMeter();
  const found = await measures[name]!(options);
  const share = `the host gave ${stolen().toFixed(1)} % of the cores to others meanwhile`;
  options.say(share);
  for (const row of found) row.note = [row.note, share].filter(Boolean).join('; ');
  rows.push(...found);
  // A quick run is for the eye only.
  if (!values.quick) keep(name, found);
}
printTable(rows);
if (!values.quick) writeResults(Object.keys(measures));
