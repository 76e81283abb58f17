// Debian packages that the tests call: found, installed where that is allowed, or named so that somebody can.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A package and the command that shows it is there. */
const needed = [
  { name: 'sip-tester', command: 'sipp', why: 'calls the server as an independent SIP peer' },
  { name: 'baresip', command: 'baresip', why: 'calls the server as a real phone' },
  { name: 'sox', command: 'sox', why: 'makes and measures audio' },
  { name: 'ffmpeg', command: 'ffmpeg', why: 'checks codecs against an independent implementation' },
  { name: 'tcpdump', command: 'tcpdump', why: 'says when each packet was on the wire' },
];

const found = (command: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** The command prefix with which this user may install packages; undefined when it may not. */
function installer(): string[] | undefined {
  if (!found('apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  if (found('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0) return ['sudo', '-n'];
  return undefined;
}

/** True when everything is there, if need be after installing it. Otherwise says what to install. */
export function ensureDebianPackages(): boolean {
  const missing = needed.filter((one) => !found(one.command));
  if (missing.length === 0) return true;
  const names = missing.map((one) => one.name);
  const prefix = installer();
  if (prefix) {
    console.error(`installing ${names.join(', ')} ...`);
    install(prefix, names);
  }
  const still = missing.filter((one) => !found(one.command));
  if (still.length === 0) return true;
  console.error('The tests need programs that are not installed:');
  for (const one of still) console.error(`  ${one.command} (Debian package ${one.name}): ${one.why}`);
  console.error(
    `Install them, then run the tests again:\n  sudo apt-get install ${still.map((one) => one.name).join(' ')}`,
  );
  return false;
}

function install(prefix: string[], names: string[]): void {
  const aptGet = (...args: string[]): boolean => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return spawnSync(command!, rest, { stdio: ['ignore', 2, 2] }).status === 0;
  };
  const options = ['-qq', '-y', '-o', 'Dpkg::Use-Pty=0', '--no-install-recommends'];
  // A machine that has its package lists needs no update, and one without network should not wait for it twice.
  if (!aptGet('install', ...options, ...names) && aptGet('update', '-qq')) aptGet('install', ...options, ...names);
}
