import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLog } from '../../test/doubles/memory-log.js';
import type { JsonObject } from '../dag/json.js';
import { runAttempt } from './attempt.js';
import { AttemptStop, TaskFailure, type TaskReport } from './handler.js';
import { createHttpHandler } from './http.js';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let base: string;
let seen: Seen[];
let answer: (request: Seen, response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (_request, response) => response.end();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const one = { method: request.method, url: request.url, headers: request.headers, body };
      seen.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const NOW = Date.parse('2026-11-21T10:00:00Z');

function request(settings: JsonObject, signal = new AbortController().signal, runId = 'run-1'): Promise<TaskReport> {
  const call = {
    runId,
    dag: 'demo',
    task: 'hook',
    uses: 'http',
    with: settings,
    env: {},
    params: {},
    needs: {},
    maximumAttempts: 1,
    startToClose: 60_000,
  } as const;
  const handlers = new Map([['http', createHttpHandler({ now: () => NOW })]]);
  return runAttempt(handlers, call, { attempt: 1, signal, log: memoryLog(), progress: () => undefined });
}

async function failureOf(promise: Promise<unknown>): Promise<TaskFailure> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TaskFailure)) throw new Error(`expected a TaskFailure, got ${String(thrown)}`);
  return thrown;
}

describe('an http task', () => {
  it('gives status, headers and the parsed body', async () => {
    answer = (_request, response) => {
      response.writeHead(201, {
        'content-type': 'application/problem+json; charset=utf-8',
        etag: '"7"',
        'x-more': '1',
      });
      response.end('{"id": 7}');
    };
    const { output } = await request({ url: `${base}/things` });
    expect(output).toMatchObject({
      status: 201,
      headers: { 'content-type': 'application/problem+json; charset=utf-8', etag: '"7"' },
      body: { id: 7 },
    });
    expect(output).not.toHaveProperty('headers.x-more');
  });

  it('gives text where the body is not JSON, and null where there is none', async () => {
    answer = (_request, response) => response.end('plain {');
    expect((await request({ url: base })).output).toMatchObject({ body: 'plain {' });
    answer = (_request, response) => response.writeHead(204).end();
    expect((await request({ url: base })).output).toMatchObject({ status: 204, body: null });
    answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{oops');
    expect((await request({ url: base })).output).toMatchObject({ body: '{oops' });
  });

  it('sends a JSON body with its type, and the idempotency key', async () => {
    await request({ url: base, method: 'POST', body: { a: [1] } });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      body: '{"a":[1]}',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'run-1/hook' },
    });
  });

  it('sends text as it is, and the headers that the task gives', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Idempotency-Key': 'mine' };
    await request({ url: base, method: 'PUT', body: 'a=1&b=2', headers });
    expect(seen[0]).toMatchObject({
      body: 'a=1&b=2',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': 'mine' },
    });
  });

  it('sends a key that fits a header, whatever the run id', async () => {
    await request({ url: base }, undefined, 'täglich 1');
    expect(seen[0]?.headers['idempotency-key']).toBe(encodeURIComponent('täglich 1/hook'));
  });

  it('turns credentials of the URL into a header', async () => {
    await request({ url: base.replace('//', '//me:p%40ss@') });
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('follows redirects', async () => {
    answer = ({ url }, response) =>
      url === '/old' ? response.writeHead(302, { location: '/new' }).end() : response.end('new');
    expect((await request({ url: `${base}/old` })).output).toMatchObject({ status: 200, body: 'new' });
  });

  it.each([408, 425, 429, 500, 503])('may be tried again after %i', async (status) => {
    answer = (_request, response) => response.writeHead(status).end('busy');
    const failure = await failureOf(request({ url: `${base}/x` }));
    expect(failure.error).toMatchObject({ code: 'HTTP_STATUS', details: { status, body: 'busy' } });
    expect(failure.error.message).toMatch(new RegExp(`^GET ${base}/x answered ${status} `));
    expect(failure.retryable).toBe(true);
    expect(failure.nextRetryDelay).toBeUndefined();
  });

  it.each([400, 401, 404, 409, 410])('is not tried again after %i', async (status) => {
    answer = (_request, response) => response.writeHead(status, { 'retry-after': '5' }).end();
    const failure = await failureOf(request({ url: base }));
    expect([failure.retryable, failure.nextRetryDelay]).toEqual([false, undefined]);
  });

  it.each([
    ['7', 7_000],
    ['999999', 3_600_000],
    [new Date(NOW + 30_000).toUTCString(), 30_000],
    [new Date(NOW - 30_000).toUTCString(), 0],
    ['soon', undefined],
  ])('waits as Retry-After says: %s', async (header, delay) => {
    answer = (_request, response) => response.writeHead(429, { 'retry-after': header }).end();
    expect((await failureOf(request({ url: base }))).nextRetryDelay).toBe(delay);
  });

  it('succeeds by the statuses that it expects, and by no other', async () => {
    answer = ({ url }, response) => response.writeHead(Number(url?.slice(1))).end();
    const expectStatus = [
      [200, 200],
      [400, 404],
    ];
    expect((await request({ url: `${base}/404`, expectStatus })).output).toMatchObject({ status: 404 });
    const failure = await failureOf(request({ url: `${base}/201`, expectStatus }));
    expect([failure.error.code, failure.retryable]).toEqual(['HTTP_STATUS', false]);
  });

  it('takes no more of a body than its limit', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        response.on('close', () => resolve());
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      };
    });
    const failure = await failureOf(request({ url: base, maxBodyBytes: 100_000 }));
    expect(failure.error).toMatchObject({ code: 'HTTP_BODY_TOO_LARGE', details: { limit: 100_000 } });
    expect(failure.retryable).toBe(false);
    await closed;
  });

  it('takes a body of exactly its limit', async () => {
    answer = (_request, response) => response.end('12345');
    expect((await request({ url: base, maxBodyBytes: 5 })).output).toMatchObject({ body: '12345' });
  });

  it('gives up after its timeout, and may be tried again', async () => {
    answer = () => undefined;
    const failure = await failureOf(request({ url: base, timeout: 20 }));
    expect(failure.error).toMatchObject({
      code: 'HTTP_FAILED',
      message: expect.stringContaining('none within 20 ms') as string,
    });
    expect(failure.retryable).toBe(true);
  });

  it('gives up after its timeout when the body never ends', async () => {
    answer = (_request, response) => response.write('part');
    expect((await failureOf(request({ url: base, timeout: 50 }))).error.code).toBe('HTTP_FAILED');
  });

  it.each([{}, { timeout: 60_000 }])('drops the request when it is cancelled (%j)', async (settings) => {
    const host = new AbortController();
    const dropped = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        response.on('close', resolve);
        host.abort(new AttemptStop('cancelled'));
      };
    });
    expect((await failureOf(request({ url: base, ...settings }, host.signal))).error.code).toBe('TASK_CANCELLED');
    await dropped;
  });

  it('fails with HTTP_FAILED where nobody listens', async () => {
    await new Promise((resolve) => server.close(resolve));
    const failure = await failureOf(request({ url: base }));
    expect(failure.error).toMatchObject({
      code: 'HTTP_FAILED',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(failure.retryable).toBe(true);
  });

  it('fails with HTTP_FAILED where the connection breaks', async () => {
    answer = (_request, response) => response.destroy();
    expect((await failureOf(request({ url: base }))).error.code).toBe('HTTP_FAILED');
  });

  it('never says the credentials or the query of its URL', async () => {
    const secret = base.replace('//', '//me:hunter2@');
    answer = (_request, response) => response.writeHead(500).end();
    const status = await failureOf(request({ url: `${secret}/hook?token=hunter2` }));
    answer = (_request, response) => response.destroy();
    const broken = await failureOf(request({ url: `${secret}/hook?token=hunter2` }));
    const header = await failureOf(request({ url: base, headers: { 'x-key': 'hunter2\n' + 'more' } }));
    const invalid = await failureOf(request({ url: 'ftp://me:hunter2@host/?hunter2' }));
    for (const { error } of [status, broken, header, invalid]) expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(header.error.message).toContain('"x-key"');
    expect([header.retryable, invalid.retryable]).toEqual([false, false]);
  });

  it('refuses a GET with a body', async () => {
    expect((await failureOf(request({ url: base, body: 1 }))).error.code).toBe('TASK_INPUT_INVALID');
  });
});
