// Recognizers: finds the vendor of a choice, makes its recognizer on first use, and turns what it throws into Faults.
import { type Clock, errorText, Fault, isFault, type Log, type Network, silentLog } from '../base/index.ts';
import type { OpenRecognition, Recognizer, Recognizers, RecognizerVendor } from './recognizer.ts';

export interface RecognizersOptions {
  clock: Clock;
  network: Network;
  vendors: readonly RecognizerVendor[];
  log?: Log;
}

export function makeRecognizers(options: RecognizersOptions): Recognizers {
  const { clock, network, vendors, log = silentLog } = options;
  const made = new Map<RecognizerVendor, Recognizer>();
  const recognizerOf = (vendor: RecognizerVendor): Recognizer => {
    const recognizer = made.get(vendor) ?? vendor.makeRecognizer({ clock, network, log });
    made.set(vendor, recognizer);
    return recognizer;
  };
  return {
    async open(choice, signal): Promise<OpenRecognition> {
      const vendor = vendors.find((one) => one.takes(choice.vendor));
      if (!vendor) throw unknownVendor(choice.vendor, vendors);
      const recognizer = recognizerOf(vendor);
      const refused = recognizer.check(choice);
      if (refused) throw new Fault(refused.code, refused.reason, { detail: { vendor: choice.vendor } });
      try {
        return { session: await recognizer.open(choice, signal), sampleRate: recognizer.sampleRate(choice) };
      } catch (error) {
        if (signal.aborted || isFault(error)) throw error;
        log.warn('a recognizer failed', { vendor: choice.vendor, error: errorText(error) });
        throw new Fault('stt-failed', `${choice.vendor} failed to listen`, { retryable: true, cause: error });
      }
    },
    async close() {
      await Promise.all([...made.values()].map((recognizer) => recognizer.close()));
    },
  };
}

function unknownVendor(name: string, vendors: readonly RecognizerVendor[]): Fault {
  const known = vendors.map((v) => (v.takes(v.name) ? v.name : `${v.name}:<name>`)).join(', ');
  return new Fault('stt-unknown-vendor', `no recognizer "${name}" here; known are: ${known}`, {
    detail: { vendor: name },
  });
}
