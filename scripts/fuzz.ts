// Runs the fuzz targets: all, or the named one, with a count of inputs and a seed. `npm run fuzz -- [name] [count] [seed]`
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const targets = [
  { name: 'sip-message', file: 'fuzz/sip-message.ts' },
  { name: 'sip-stack', file: 'fuzz/sip-stack.ts' },
  { name: 'app-messages', file: 'fuzz/app-messages.ts' },
  { name: 'wav', file: 'fuzz/wav.ts' },
  { name: 'mp3', file: 'fuzz/mp3.ts' },
  { name: 'codecs', file: 'fuzz/codecs.ts' },
  { name: 'rtp', file: 'fuzz/rtp.ts' },
  { name: 'sdp', file: 'fuzz/sdp.ts' },
];

/** A target says something every 100,000 inputs; one that is silent for this long hangs. */
const silenceMs = 180_000;

/** Resolves with the exit code; a target that hangs is ended. */
function run(file: string, args: string[]): Promise<number> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const hang = (): void => {
    console.error(`${file}: no progress for ${silenceMs / 1000} s`);
    child.kill('SIGKILL');
  };
  let timer = setTimeout(hang, silenceMs);
  child.stdout.on('data', (text: Buffer) => {
    process.stdout.write(text);
    clearTimeout(timer);
    timer = setTimeout(hang, silenceMs);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });
}

const [first, ...rest] = process.argv.slice(2);
const chosen = targets.filter((target) => target.name === first);
if (first !== undefined && chosen.length === 0 && !/^\d+$/.test(first)) {
  console.error(`no fuzz target "${first}"; there are: ${targets.map((target) => target.name).join(', ')}`);
  process.exit(2);
}
const args = chosen.length > 0 || first === undefined ? rest : [first, ...rest];
for (const target of chosen.length > 0 ? chosen : targets) {
  const code = await run(target.file, args);
  if (code !== 0) process.exit(code);
}
