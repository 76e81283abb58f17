// Network contract: HTTP and its redirects.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { faultOf, type Make, type StageRequest, withStage } from './stage.ts';

const get = { method: 'GET', timeoutMs: 2000, maxBodyBytes: 100_000 };

export function httpContract(make: Make): void {
  it(
    'sends method, path, headers and body, and brings back status, headers and body',
    withStage(make, async (stage) => {
      const seen: StageRequest[] = [];
      const origin = await stage.http((request) => {
        seen.push(request);
        return { status: 201, headers: { 'X-Kind': 'Echo' }, body: request.body };
      });
      const url = `${origin}/hook?a=1`;
      const headers = { 'Content-Type': 'application/json', 'X-One': '1' };
      const answer = await stage.run(stage.client.http({ ...get, method: 'POST', url, headers, body: '{"é":1}' }));
      assert.equal(answer.status, 201);
      assert.equal(answer.headers['x-kind'], 'Echo');
      assert.equal(Buffer.from(answer.body).toString(), '{"é":1}');
      assert.equal(answer.url, url);
      assert.deepEqual([seen[0]!.method, seen[0]!.path, seen[0]!.body], ['POST', '/hook?a=1', '{"é":1}']);
      assert.equal(seen[0]!.headers['content-type'], 'application/json');
      assert.equal(seen[0]!.headers['x-one'], '1');
      assert.equal(seen[0]!.headers['content-length'], '8');
    }),
  );
  it(
    'sends user and password of the address, unless the request has its own',
    withStage(make, async (stage) => {
      const seen: (string | undefined)[] = [];
      const origin = await stage.http((request) => {
        seen.push(request.headers.authorization);
        return {};
      });
      const url = `${origin.replace('://', '://us%40er:pa%3Ass@')}/`;
      await stage.run(stage.client.http({ ...get, url }));
      await stage.run(stage.client.http({ ...get, url, headers: { Authorization: 'Bearer x' } }));
      assert.deepEqual(seen, [`Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`, 'Bearer x']);
    }),
  );
  it(
    'tells a refused connection from a name that is not there',
    withStage(make, async (stage) => {
      const refused = await faultOf(
        stage,
        stage.client.http({ ...get, url: `${await stage.deadOrigin()}/x?secret=1` }),
      );
      assert.deepEqual([refused.code, refused.detail.code, refused.retryable], ['http-refused', 'ECONNREFUSED', true]);
      assert.ok(!JSON.stringify(refused.detail).includes('secret'));
      const absent = await faultOf(stage, stage.client.http({ ...get, url: `${stage.absentOrigin}/` }));
      assert.deepEqual([absent.code, absent.retryable], ['http-dns', true]);
    }),
  );
  it(
    'limits the wait for headers and for the body',
    withStage(make, async (stage) => {
      const origin = await stage.http((request) =>
        request.path === '/body' ? { body: 'late', bodyDelayMs: 5000 } : undefined,
      );
      const headers = await faultOf(stage, stage.client.http({ ...get, url: `${origin}/`, timeoutMs: 80 }));
      assert.deepEqual([headers.code, headers.detail.phase], ['http-timeout', 'headers']);
      // The headers must come in time on a busy machine too.
      const body = await faultOf(stage, stage.client.http({ ...get, url: `${origin}/body`, timeoutMs: 800 }));
      assert.deepEqual([body.code, body.detail.phase], ['http-timeout', 'body']);
    }),
  );
  it(
    'takes a body up to the limit and none above',
    withStage(make, async (stage) => {
      const origin = await stage.http((request) => ({ body: 'x'.repeat(Number(request.path.slice(1))) }));
      const exact = await stage.run(stage.client.http({ ...get, url: `${origin}/5000`, maxBodyBytes: 5000 }));
      assert.equal(exact.body.length, 5000);
      const fault = await faultOf(stage, stage.client.http({ ...get, url: `${origin}/5001`, maxBodyBytes: 5000 }));
      assert.equal(fault.code, 'http-too-large');
      assert.equal(fault.retryable, false);
    }),
  );
  it(
    'tells of an answer that breaks off',
    withStage(make, async (stage) => {
      const origin = await stage.http(() => ({ body: 'half of it', cut: true }));
      const fault = await faultOf(stage, stage.client.http({ ...get, url: `${origin}/` }));
      assert.deepEqual([fault.code, fault.retryable], ['http-reset', true]);
    }),
  );
  it(
    'is given up by its signal, before and during',
    withStage(make, async (stage) => {
      const origin = await stage.http(() => undefined);
      const before = await faultOf(
        stage,
        stage.client.http({ ...get, url: `${origin}/`, signal: AbortSignal.abort() }),
      );
      assert.equal(before.code, 'http-aborted');
      const abort = new AbortController();
      const during = stage.client.http({ ...get, url: `${origin}/`, signal: abort.signal });
      const settled = faultOf(
        stage,
        during.catch((error: unknown) => Promise.reject(error)),
      );
      abort.abort('enough');
      const fault = await settled;
      assert.deepEqual([fault.code, fault.cause], ['http-aborted', 'enough']);
    }),
  );
  it(
    'refuses what is no http address',
    withStage(make, async (stage) => {
      for (const url of ['', 'nonsense', 'ftp://x/']) {
        assert.equal((await faultOf(stage, stage.client.http({ ...get, url }))).code, 'http-failed');
      }
    }),
  );
  it(
    'answers many at once',
    withStage(make, async (stage) => {
      const origin = await stage.http((request) => ({ body: request.path }));
      const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
      const all = await stage.run(Promise.all(paths.map((path) => stage.client.http({ ...get, url: origin + path }))));
      assert.deepEqual(
        all.map((answer) => Buffer.from(answer.body).toString()),
        paths,
      );
    }),
  );
}

export function redirectContract(make: Make): void {
  it(
    'follows within one origin with credentials, method and body as RFC 9110 has it',
    withStage(make, async (stage) => {
      const seen: StageRequest[] = [];
      const origin = await stage.http((request) => {
        seen.push(request);
        const status = Number(request.path.slice(1));
        return status ? { status, headers: { Location: '/end' } } : { body: 'end' };
      });
      const headers = { Authorization: 'Basic eDp5', 'Content-Type': 'text/plain' };
      const said: string[] = [];
      for (const status of [301, 302, 303, 307, 308]) {
        seen.length = 0;
        const url = `${origin}/${status}`;
        const answer = await stage.run(
          stage.client.http({ ...get, method: 'POST', url, headers, body: 'b', maxRedirects: 2 }),
        );
        assert.equal(answer.url, `${origin}/end`);
        assert.equal(seen[1]!.headers.authorization, 'Basic eDp5');
        said.push(`${seen[1]!.method} ${seen[1]!.body} ${seen[1]!.headers['content-type'] ?? '-'}`);
      }
      assert.deepEqual(said, ['GET  -', 'GET  -', 'GET  -', 'POST b text/plain', 'POST b text/plain']);
    }),
  );
  it(
    'drops credentials when the origin changes',
    withStage(make, async (stage) => {
      const seen: StageRequest[] = [];
      const other = await stage.http((request) => {
        seen.push(request);
        return {};
      });
      const origin = await stage.http(() => ({ status: 307, headers: { location: `${other}/next` } }));
      const headers = { AUTHORIZATION: 'Basic eDp5', Cookie: 'a=b', 'X-Kept': 'yes' };
      const answer = await stage.run(stage.client.http({ ...get, url: `${origin}/`, headers, maxRedirects: 1 }));
      assert.equal(answer.url, `${other}/next`);
      assert.deepEqual(
        [seen[0]!.headers.authorization, seen[0]!.headers.cookie, seen[0]!.headers['x-kept']],
        [undefined, undefined, 'yes'],
      );
      const named = `${origin.replace('://', '://user:pass@')}/`;
      await stage.run(stage.client.http({ ...get, url: named, maxRedirects: 1 }));
      assert.equal(seen[1]!.headers.authorization, undefined);
    }),
  );
  it(
    'gives the redirect itself when it may follow no further',
    withStage(make, async (stage) => {
      let count = 0;
      const origin = await stage.http(() => {
        count++;
        return { status: 302, headers: { location: '/again' } };
      });
      assert.equal((await stage.run(stage.client.http({ ...get, url: `${origin}/` }))).status, 302);
      assert.equal(count, 1);
      assert.equal((await stage.run(stage.client.http({ ...get, url: `${origin}/`, maxRedirects: 3 }))).status, 302);
      assert.equal(count, 5);
    }),
  );
}
