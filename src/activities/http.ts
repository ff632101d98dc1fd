import type { Json, JsonObject } from '../dag/json.js';
import type { HttpWith } from '../spec/with.js';
import { messageOf } from './failure.js';
import { TaskFailure, type Handler } from './handler.js';
import type { Masks } from './masks.js';

/** Bytes of an answer's body where the task does not say. Fits a task's output, whatever JSON makes of it. */
export const DEFAULT_BODY_BYTES = 128 * 1024;

/** Headers of the answer that are worth keeping. */
const KEPT_HEADERS = ['content-type', 'content-length', 'date', 'etag', 'last-modified', 'location', 'retry-after'];
const LONGEST_RETRY_AFTER = 3_600_000;
const QUOTED_BODY_BYTES = 1_024;

/**
 * The handler of `uses: http`: one request, with the attempt's idempotency key in `Idempotency-Key`. The output is
 * `{ status, headers, body }`: the body parsed where it is JSON, else as text; null where it is empty.
 * @throws TaskFailure HTTP_STATUS (retryable for 408, 425, 429 and 5xx, after `Retry-After` where the answer has it),
 *   HTTP_FAILED (no answer; retryable), HTTP_BODY_TOO_LARGE, TASK_INPUT_INVALID. None names the URL's credentials or query.
 */
export function createHttpHandler(options: { readonly now?: () => number } = {}): Handler {
  const now = options.now ?? Date.now;
  return {
    name: 'http',
    async run(call, context) {
      const settings = call.with as unknown as HttpWith;
      const { request, label } = readRequest(settings, context.idempotencyKey);
      const limit = settings.timeout === undefined ? undefined : AbortSignal.timeout(settings.timeout);
      const signal = limit === undefined ? context.signal : AbortSignal.any([context.signal, limit]);
      try {
        const answer = await fetch(request, { signal });
        return await readAnswer(answer, settings, label, { now, masks: context.masks });
      } catch (thrown) {
        if (thrown instanceof TaskFailure) throw thrown;
        const why =
          limit?.aborted === true && !context.signal.aborted ? `none within ${settings.timeout} ms` : reasonOf(thrown);
        const message = `${label} got no answer: ${why}.`;
        throw new TaskFailure({ code: 'HTTP_FAILED', message, details: { reason: why } });
      }
    },
  };
}

/** `label` names the request in errors: without credentials, query and fragment, which may hold secrets. */
function readRequest(settings: HttpWith, idempotencyKey: string): { request: Request; label: string } {
  const { method = 'GET', body } = settings;
  const url = URL.canParse(settings.url) ? new URL(settings.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw inputInvalid('`url` is not an http or https URL.');
  const label = `${method} ${url.origin}${url.pathname}`;

  const headers = new Headers({ 'idempotency-key': asciiOf(idempotencyKey) });
  if (body !== undefined && typeof body !== 'string') headers.set('content-type', 'application/json');
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    url.username = '';
    url.password = '';
  }
  for (const [name, value] of Object.entries(settings.headers ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      throw inputInvalid(`The header "${name}" has characters that no header may have.`);
    }
  }
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw inputInvalid(`A ${method} request has no \`body\`.`);
  }
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return { request: new Request(url, { method, headers, ...content }), label };
}

/** A header takes Latin characters only; a run id may have others. */
function asciiOf(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

async function readAnswer(
  answer: Response,
  settings: HttpWith,
  label: string,
  { now, masks }: { readonly now: () => number; readonly masks: Masks | undefined },
): Promise<Json> {
  const { status } = answer;
  const expected = settings.expectStatus ?? [[200, 299] as const];
  if (!expected.some(([from, to]) => status >= from && status <= to)) {
    const quoted = await readBody(answer, QUOTED_BODY_BYTES);
    // A secret may be cut in two where the quote ends.
    const text = quoted.bytes.toString().replace(/\uFFFD$/, '');
    throw statusFailure(answer, label, masks?.text(text, !quoted.whole) ?? text, now);
  }
  const maximum = settings.maxBodyBytes ?? DEFAULT_BODY_BYTES;
  const { bytes, whole } = await readBody(answer, maximum);
  if (!whole) {
    const message = `${label} answered with a body over ${maximum} bytes (maxBodyBytes).`;
    const details = { status, limit: maximum };
    throw new TaskFailure({ code: 'HTTP_BODY_TOO_LARGE', message, details }, { retryable: false });
  }
  return { status, headers: keptHeaders(answer.headers), body: parseBody(answer.headers, bytes.toString()) };
}

/** The first `maximum` bytes of the body; the rest is never taken from the network. */
async function readBody(answer: Response, maximum: number): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (answer.body !== null) {
    // Leaving the loop early cancels the stream, which closes the connection.
    for await (const chunk of answer.body) {
      chunks.push(chunk as Uint8Array);
      length += (chunk as Uint8Array).length;
      if (length > maximum) return { bytes: Buffer.concat(chunks).subarray(0, maximum), whole: false };
    }
  }
  return { bytes: Buffer.concat(chunks), whole: true };
}

function parseBody(headers: Headers, text: string): Json {
  if (text === '') return null;
  if (!/^application\/(?:[^;]*\+)?json\b/i.test(headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function keptHeaders(headers: Headers): JsonObject {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

function statusFailure(answer: Response, label: string, body: string, now: () => number): TaskFailure {
  const { status, statusText } = answer;
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  const nextRetryDelay = retryable ? retryAfter(answer.headers.get('retry-after'), now()) : undefined;
  return new TaskFailure(
    {
      code: 'HTTP_STATUS',
      message: `${label} answered ${status}${statusText === '' ? '' : ` ${statusText}`}.`,
      details: { status, ...(body === '' ? {} : { body }) },
    },
    { retryable, ...(nextRetryDelay === undefined ? {} : { nextRetryDelay }) },
  );
}

/** Milliseconds to wait by a `Retry-After` header: seconds, or a date. At most an hour. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const delay = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(delay) ? undefined : Math.min(Math.max(delay, 0), LONGEST_RETRY_AFTER);
}

/** Why `fetch` failed: its own message says no more than "fetch failed", and its cause may have only a code. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const code: unknown = (cause as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : messageOf(cause);
}

function inputInvalid(message: string): TaskFailure {
  return new TaskFailure({ code: 'TASK_INPUT_INVALID', message }, { retryable: false });
}
