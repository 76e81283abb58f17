// What every implementation of Records does: run against memory and PostgreSQL.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../../src/base/index.ts';
import type { Records } from '../../src/store/index.ts';
import {
  anAccount,
  anApiKey,
  anApplication,
  anOwner,
  aServiceProvider,
  aSpeechCredential,
  aUser,
  sid,
} from '../kit/records.ts';

const fault = (code: string, http: number, text?: RegExp) => (error: unknown) => {
  assert.ok(isFault(error), `a Fault, not ${String(error)}`);
  assert.equal(error.code, code);
  assert.equal(error.http, http);
  if (text) assert.match(error.message, text);
  return true;
};

/** `open` gives an empty store; whoever calls closes it. */
export function recordsContract(name: string, open: () => Promise<Records>): void {
  const contract = (what: string, run: (records: Records) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => run(await open()));
  };

  contract('every kind of record comes back as it went in', async (records) => {
    const owner = await anOwner(records);
    const application = anApplication({ account_sid: owner.account_sid, app_json: '[{"verb":"answer"}]' });
    await records.applications.insert(application);
    assert.deepEqual(await records.applications.get(application.application_sid), application);

    const account = anAccount({
      service_provider_sid: owner.service_provider_sid,
      sip_realm: 'a.example',
      registration_hook: { url: 'https://r.example', method: 'POST', username: 'ü', password: "'" },
      device_calling_application_sid: application.application_sid,
      record_format: 'wav',
      is_active: false,
    });
    await records.accounts.insert(account);
    assert.deepEqual(await records.accounts.get(account.account_sid), account);

    const key = anApiKey({ account_sid: owner.account_sid, last_used: '2026-03-02T00:00:00.000Z' });
    await records.apiKeys.insert(key);
    assert.deepEqual(await records.apiKeys.get(key.api_key_sid), key);

    const credential = aSpeechCredential({ account_sid: owner.account_sid, label: 'l' });
    await records.speechCredentials.insert(credential);
    assert.deepEqual(await records.speechCredentials.get(credential.speech_credential_sid), credential);

    const user = aUser({ email: 'a@b.example', account_sid: owner.account_sid });
    await records.users.insert(user);
    assert.deepEqual(await records.users.get(user.user_sid), user);

    const provider = aServiceProvider({ description: 'd', root_domain: 'sip.example' });
    await records.serviceProviders.insert(provider);
    assert.deepEqual(await records.serviceProviders.get(provider.service_provider_sid), provider);
  });

  contract('what is read is a copy', async (records) => {
    const owner = await anOwner(records);
    const application = anApplication({ account_sid: owner.account_sid });
    await records.applications.insert(application);
    const read = await records.applications.get(application.application_sid);
    read!.env_vars!.KEY = 'changed';
    application.name = 'changed';
    const again = await records.applications.get(application.application_sid);
    assert.equal(again?.env_vars?.KEY, 'value');
    assert.notEqual(again?.name, 'changed');
  });

  contract('unknown records are undefined, false or absent', async (records) => {
    assert.equal(await records.accounts.get(sid()), undefined);
    assert.equal(await records.accounts.find({ name: 'nobody' }), undefined);
    assert.deepEqual(await records.accounts.list(), []);
    assert.equal(await records.accounts.update(sid(), { name: 'x' }), false);
    assert.equal(await records.accounts.update(sid(), {}), false);
    assert.equal(await records.accounts.remove(sid()), false);
  });

  contract('what is no identifier is no record either', async (records) => {
    const { account_sid } = await anOwner(records);
    for (const text of ['', 'demo', `${account_sid} `, "' or true --"]) {
      assert.equal(await records.accounts.get(text), undefined);
      assert.equal(await records.accounts.update(text, { name: 'x' }), false);
      assert.equal(await records.accounts.remove(text), false);
      assert.deepEqual(await records.accounts.list({ where: { account_sid: text } }), []);
    }
  });

  contract('lists filter by null and by value, in creation order', async (records) => {
    const owner = await anOwner(records);
    const keys = [anApiKey(), anApiKey({ account_sid: owner.account_sid }), anApiKey()];
    for (const key of keys) await records.apiKeys.insert(key);
    assert.deepEqual(await records.apiKeys.list(), keys);
    const admin = { account_sid: null, service_provider_sid: null };
    assert.deepEqual(await records.apiKeys.list({ where: admin }), [keys[0], keys[2]]);
    assert.deepEqual(await records.apiKeys.list({ where: { account_sid: owner.account_sid } }), [keys[1]]);
    assert.deepEqual(await records.apiKeys.find({ token: keys[1]!.token }), keys[1]);
    assert.equal(await records.apiKeys.count({ where: admin }), 2);
    assert.equal(await records.apiKeys.count(), 3);
  });

  contract('a filter without a value is a bug, never "everything"', async (records) => {
    const where = { account_sid: undefined } as { account_sid?: string };
    await assert.rejects(async () => await records.apiKeys.list({ where }), /bug/);
    await assert.rejects(async () => await records.apiKeys.count({ where }), /bug/);
  });

  contract('lists page, search and order by name without regard to case', async (records) => {
    const { account_sid } = await anOwner(records);
    const names = ['delta', 'Alpha', 'charlie', 'Bravo 100%', 'bravo_x', 'ALPHA 2'];
    for (const name of names) await records.applications.insert(anApplication({ account_sid, name }));
    const list = async (query: object) => (await records.applications.list(query)).map((a) => a.name);
    assert.deepEqual(await list({ orderBy: 'name' }), [
      'Alpha',
      'ALPHA 2',
      'Bravo 100%',
      'bravo_x',
      'charlie',
      'delta',
    ]);
    assert.deepEqual(await list({ orderBy: 'name', limit: 2, offset: 2 }), ['Bravo 100%', 'bravo_x']);
    assert.deepEqual(await list({ nameContains: 'BRAVO' }), ['Bravo 100%', 'bravo_x']);
    assert.deepEqual(await list({ nameContains: '%' }), ['Bravo 100%']);
    assert.deepEqual(await list({ nameContains: '_' }), ['bravo_x']);
    assert.equal(await records.applications.count({ nameContains: 'alpha' }), 2);
    assert.deepEqual(await list({ limit: 0 }), []);
    assert.deepEqual(await list({ offset: 5 }), ['ALPHA 2']);
  });

  contract('lists take records whose column is among values', async (records) => {
    const owners = [await anOwner(records), await anOwner(records), await anOwner(records)];
    for (const { account_sid } of owners) await records.applications.insert(anApplication({ account_sid, name: 'a' }));
    const of = async (...values: string[]) =>
      (await records.applications.list({ among: { column: 'account_sid', values } })).map((a) => a.account_sid);
    const [one, two] = owners.map((owner) => owner.account_sid) as [string, string];
    assert.deepEqual(await of(two, one), [one, two]);
    assert.deepEqual(await of(), []);
    assert.equal(await records.applications.count({ among: { column: 'account_sid', values: [two] } }), 1);
  });

  contract('nulls come last when ordered', async (records) => {
    for (const root_domain of [null, 'b.example', 'A.example'])
      await records.serviceProviders.insert(aServiceProvider({ root_domain }));
    const domains = (await records.serviceProviders.list({ orderBy: 'root_domain' })).map((p) => p.root_domain);
    assert.deepEqual(domains, ['A.example', 'b.example', null]);
  });

  contract('an update changes what it names and nothing else', async (records) => {
    const { account_sid } = await anOwner(records);
    const [one, other] = [anApplication({ account_sid }), anApplication({ account_sid })];
    await records.applications.insert(one);
    await records.applications.insert(other);
    const patch = { call_hook: null, env_vars: { A: 'b' }, use_for_fallback_speech: true, app_json: '[]' };
    assert.equal(await records.applications.update(one.application_sid, { ...patch, name: undefined }), true);
    assert.deepEqual(await records.applications.get(one.application_sid), { ...one, ...patch });
    assert.deepEqual(await records.applications.get(other.application_sid), other);
    assert.equal(await records.applications.update(one.application_sid, {}), true);
    assert.equal(await records.applications.update(one.application_sid, { name: undefined }), true);
  });

  contract('a key never changes', async (records) => {
    const { account_sid } = await anOwner(records);
    await assert.rejects(async () => await records.accounts.update(account_sid, { account_sid: sid() }), /bug/);
  });

  contract('what must be unique is, on insert and update', async (records) => {
    const { account_sid, service_provider_sid } = await anOwner(records);
    const other = await anOwner(records);
    await records.applications.insert(anApplication({ account_sid, name: 'same' }));
    const second = anApplication({ account_sid, name: 'second' });
    await records.applications.insert(second);
    const twin = fault('record-duplicate', 422, /application with this name already/);
    await assert.rejects(records.applications.insert(anApplication({ account_sid, name: 'same' })), twin);
    await assert.rejects(records.applications.update(second.application_sid, { name: 'same' }), twin);
    await records.applications.insert(anApplication({ account_sid: other.account_sid, name: 'same' }));
    await assert.rejects(records.applications.insert(second), fault('record-duplicate', 422));

    const realm = { service_provider_sid, sip_realm: 'r.example' };
    await records.accounts.insert(anAccount(realm));
    await assert.rejects(records.accounts.insert(anAccount(realm)), fault('record-duplicate', 422, /sip_realm/));
    await records.accounts.insert(anAccount({ service_provider_sid }));

    const token = sid();
    await records.apiKeys.insert(anApiKey({ token }));
    await assert.rejects(records.apiKeys.insert(anApiKey({ token })), fault('record-duplicate', 422));
    const provider = aServiceProvider({ name: 'p', root_domain: 'd.example' });
    await records.serviceProviders.insert(provider);
    for (const clash of [{ name: 'p' }, { root_domain: 'd.example' }])
      await assert.rejects(records.serviceProviders.insert(aServiceProvider(clash)), fault('record-duplicate', 422));
    await records.users.insert(aUser({ name: 'u', email: 'u@e.example' }));
    await assert.rejects(
      records.users.insert(aUser({ email: 'u@e.example' })),
      fault('record-duplicate', 422, /email/),
    );
  });

  contract('labels are unique for each owner and vendor, no label never clashes', async (records) => {
    const { account_sid, service_provider_sid } = await anOwner(records);
    const clash = fault('record-duplicate', 422, /label/);
    for (const owner of [{ account_sid }, { service_provider_sid }]) {
      await records.speechCredentials.insert(aSpeechCredential({ ...owner, label: 'a' }));
      await assert.rejects(records.speechCredentials.insert(aSpeechCredential({ ...owner, label: 'a' })), clash);
      await records.speechCredentials.insert(aSpeechCredential({ ...owner, label: 'a', vendor: 'custom:other' }));
      await records.speechCredentials.insert(aSpeechCredential({ ...owner, label: null }));
      await records.speechCredentials.insert(aSpeechCredential({ ...owner, label: null }));
    }
  });

  contract('an owner must exist', async (records) => {
    const { account_sid } = await anOwner(records);
    const missing = (column: string) => fault('record-missing-owner', 400, new RegExp(column));
    await assert.rejects(
      records.accounts.insert(anAccount({ service_provider_sid: sid() })),
      missing('service_provider_sid'),
    );
    await assert.rejects(records.applications.insert(anApplication({ account_sid: sid() })), missing('account_sid'));
    await assert.rejects(records.apiKeys.insert(anApiKey({ account_sid: sid() })), missing('account_sid'));
    await assert.rejects(records.users.insert(aUser({ account_sid: sid() })), missing('account_sid'));
    await assert.rejects(
      records.speechCredentials.insert(aSpeechCredential({ service_provider_sid: sid() })),
      missing('service_provider_sid'),
    );
    await assert.rejects(
      records.accounts.update(account_sid, { device_calling_application_sid: sid() }),
      missing('device_calling_application_sid'),
    );
  });

  contract('removing an account takes along what is only its own', async (records) => {
    const { account_sid, service_provider_sid } = await anOwner(records);
    const other = await anOwner(records);
    for (const owner of [account_sid, other.account_sid]) {
      const application = anApplication({ account_sid: owner });
      await records.applications.insert(application);
      await records.apiKeys.insert(anApiKey({ account_sid: owner }));
      await records.speechCredentials.insert(aSpeechCredential({ account_sid: owner }));
      await records.users.insert(aUser({ account_sid: owner }));
      await records.accounts.update(owner, { device_calling_application_sid: application.application_sid });
    }
    assert.equal(await records.accounts.remove(account_sid), true);
    assert.equal(await records.accounts.get(account_sid), undefined);
    for (const kind of ['applications', 'apiKeys', 'speechCredentials', 'users'] as const)
      assert.deepEqual(
        (await records[kind].list()).map((record) => record.account_sid),
        [other.account_sid],
        kind,
      );
    assert.equal(await records.serviceProviders.remove(service_provider_sid), true);
  });

  contract('what others need is not removed', async (records) => {
    const { account_sid, service_provider_sid } = await anOwner(records);
    const inUse = (by: RegExp) => fault('record-in-use', 422, by);
    await assert.rejects(records.serviceProviders.remove(service_provider_sid), inUse(/account/));
    const application = anApplication({ account_sid });
    await records.applications.insert(application);
    await records.accounts.update(account_sid, { siprec_hook_sid: application.application_sid });
    await assert.rejects(records.applications.remove(application.application_sid), inUse(/account/));
    assert.ok(await records.applications.get(application.application_sid));
    await records.accounts.update(account_sid, { siprec_hook_sid: null });
    assert.equal(await records.applications.remove(application.application_sid), true);
    await records.accounts.remove(account_sid);
    await records.users.insert(aUser({ service_provider_sid }));
    await assert.rejects(records.serviceProviders.remove(service_provider_sid), inUse(/user/));
  });

  contract('a service provider takes its keys and credentials along', async (records) => {
    const provider = aServiceProvider();
    const { service_provider_sid } = provider;
    await records.serviceProviders.insert(provider);
    await records.apiKeys.insert(anApiKey({ service_provider_sid }));
    await records.apiKeys.insert(anApiKey());
    await records.speechCredentials.insert(aSpeechCredential({ service_provider_sid }));
    assert.equal(await records.serviceProviders.remove(service_provider_sid), true);
    assert.equal(await records.apiKeys.count(), 1);
    assert.equal(await records.speechCredentials.count(), 0);
  });

  contract('texts that mean something to SQL are texts', async (records) => {
    const { account_sid } = await anOwner(records);
    const name = `'); drop table applications; -- \\ " $1 \u{1F600}`;
    await records.applications.insert(anApplication({ account_sid, name }));
    assert.equal((await records.applications.find({ name }))?.name, name);
    assert.equal(await records.applications.count({ nameContains: '"; --' }), 0);
    assert.equal(await records.applications.count({ nameContains: '$1' }), 1);
  });

  contract('ping answers', (records) => records.ping());
}
