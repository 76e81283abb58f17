// The customer's application of the bench: a webhook that answers with a prompt, in a process of its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const rate = 8000;

/** Period within one packet of 20 ms, so that each packet sounds like the next. */
function tone(frequency: number, amplitude: number): Buffer {
  const samples = rate;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(2 * rate, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * frequency * i) / rate)), 44 + 2 * i);
  return wav;
}

const sounds: Record<string, Buffer> = {
  '/a.wav': tone(400, 8000),
  '/b.wav': tone(800, 8000),
  '/whisper.wav': tone(1000, 8000),
};

let origin = '';
const forever = (sound: string): string =>
  JSON.stringify([{ verb: 'play', url: `${origin}${sound}`, loop: 'forever' }]);
const answers: Record<string, () => string> = {
  '/prompt': () => forever('/a.wav'),
  '/other': () => forever('/b.wav'),
  '/status': () => '',
};
const ready = new Map<string, string>();
/** `/dial/5070` is connected with whoever listens there. */
const dialled = (path: string): string | undefined => {
  const port = /^\/dial\/(\d+)$/.exec(path)?.[1];
  const target = [{ type: 'sip', sipUri: `sip:callee@127.0.0.1:${port}` }];
  return port === undefined ? undefined : JSON.stringify([{ verb: 'dial', target }]);
};

const server = createServer((request, response) => {
  const path = request.url ?? '';
  request.resume();
  const sound = sounds[path];
  if (sound) {
    response.writeHead(200, {
      'content-type': 'audio/wav',
      'content-length': sound.length,
      'cache-control': 'max-age=3600',
    });
    response.end(sound);
    return;
  }
  const text = ready.get(path) ?? dialled(path);
  if (text === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [path, answer] of Object.entries(answers)) ready.set(path, answer());
  process.send?.({ origin });
});
process.on('disconnect', () => process.exit(0));
