// What the server says when it is ready, to a person.
import type { Config } from './config.ts';
import type { Seed } from './seed.ts';

/** The line that `--json` prints. */
export interface Ready {
  http: string;
  sip: { udp: string; tcp: string };
  account_sid: string;
  account_api_key: string;
  service_provider_sid: string;
  sp_api_key: string;
  admin_api_key: string;
  sip_realm: string;
}

export interface Told {
  seed: Seed;
  config: Config;
  /** Where phones find the server. */
  sip: string;
}

export function greeting(ready: Ready, { seed, config, sip }: Told): string {
  const calls = `${ready.http}/v1/Accounts/${ready.account_sid}/Calls`;
  const onlyHere = /^(127\.|::1$)/.test(config.bind);
  // Its owner may have removed the demo.
  const target = seed.keys.demo_application_sid === null ? 'sip:app-<application_sid>' : 'sip:demo';
  const lines = [
    '',
    'Crosspoint is ready.',
    '',
    `  Call it        ${target}@${sip}   (any phone${onlyHere ? ' on this machine' : ''}, UDP or TCP; DTMF keys work)`,
    ...(onlyHere ? ['                 other machines are let in by CROSSPOINT_BIND=0.0.0.0'] : []),
    '  No phone?      npm run demo   (a whole call in ten seconds)',
    `  REST API       ${ready.http}/v1   (try it: ${ready.http}/docs)`,
    `  Data           ${config.dataDir}`,
    '',
    ...keyLines(ready, seed),
    '  Change a call while it lives:',
    '',
    `    KEY=${seed.fresh ? ready.account_api_key : `$(sed -n 's/.*"account_api_key": "\\(.*\\)".*/\\1/p' ${quoted(seed.keysFile)})`}`,
    `    SID=$(curl -s -H "Authorization: Bearer $KEY" '${calls}?callStatus=in-progress' | sed -n 's/.*"call_sid":"\\([^"]*\\)".*/\\1/p')`,
    `    curl -X PUT -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\`,
    `      -d '{"whisper":{"verb":"say","text":"Hello from outside."}}' ${calls}/$SID`,
    '',
    '  Stop with Ctrl-C.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** For a shell. */
const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** Keys are shown when they were made; later they are in their file. */
function keyLines(ready: Ready, seed: Seed): string[] {
  if (!seed.fresh) return [`  Keys           ${seed.keysFile}`, ''];
  const { keys } = seed;
  return [
    `  Keys (shown once; kept in ${seed.keysFile}, readable by you alone):`,
    `    account      ${ready.account_sid}   ${ready.account_api_key}`,
    `    provider     ${ready.service_provider_sid}   ${ready.sp_api_key}`,
    `    admin        ${ready.admin_api_key}`,
    ...(keys.admin_password === null ? [] : [`    portal user  ${keys.admin_user}   ${keys.admin_password}`]),
    '',
  ];
}
