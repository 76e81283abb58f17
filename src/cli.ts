// Cli: the commands beside the server: demo and rehearse.
import { runDemo } from './demo/run.ts';
import { runRehearsals } from './rehearsal/run.ts';

// Whoever read our lines has heard enough (`| head`).
process.stdout.on('error', () => process.exit(0));

const out = (line: string): void => void process.stdout.write(`${line}\n`);

const commands: Record<string, (args: string[]) => Promise<number>> = {
  demo: () => runDemo(out),
  rehearse: (args) => runRehearsals(args, out),
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  process.stderr.write(`crosspoint: there are the commands ${Object.keys(commands).join(', ')}\n`);
  process.exit(2);
}
process.exitCode = await command(args);
