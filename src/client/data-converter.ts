import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import type { Config } from '../config.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json } from '../dag/json.js';
import type { BlobStore } from '../store/blob-store.js';
import { openStore } from '../store/open-store.js';

/** Payloads from this size on are compressed. Smaller ones stay readable in Temporal's Web UI. */
const COMPRESS_FROM_BYTES = 65_536;
/** Payloads, as they go to the server, that go by reference from this size on, where all share a store that was set. */
const STORE_FROM_BYTES = 256 * 1024;
/** Where none was set, only those that may be too large for the server: somebody else may not have this store. */
const STORE_UNSHARED_FROM_BYTES = 1_572_864;
const ENCODING = 'encoding';
const GZIP = 'binary/gzip';
/** Of a reference: JSON, so that the Web UI shows it. */
const STORED = 'json/dagwright-stored';

/** What becomes of payloads that are large when compressed. */
interface Keeper {
  /** Bytes from which on it keeps them. */
  readonly from: number;
  /** Keeps a payload; gives its name. */
  keep(payload: Payload): Promise<string>;
  find(sha256: string): Promise<Payload>;
}

/**
 * Compresses large payloads, and hands what is large still to its keeper. A dag and a result of many tasks repeat
 * themselves: gzip takes them to a tenth, far below the 2 MB that the server allows.
 *
 * The SDK's own ExternalStorage would do the latter, but looks at every payload of every workflow task once more, large
 * or not, which takes a fifth of a worker's throughput.
 */
class LargePayloadCodec implements PayloadCodec {
  readonly #keeper: Keeper;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    if (!payloads.some(isLarge)) return payloads;
    return Promise.all(payloads.map((payload) => this.#written(payload)));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    if (payloads.every(isReadable)) return payloads;
    return Promise.all(payloads.map((payload) => this.#readable(payload)));
  }

  async #written(payload: Payload): Promise<Payload> {
    if (!isLarge(payload)) return payload;
    const compressed = await compress(payload);
    const bytes = compressed.data?.length ?? 0;
    if (bytes < this.#keeper.from) return compressed;
    return json({ sha256: await this.#keeper.keep(compressed), bytes }, STORED);
  }

  /**
   * The payload as something that Temporal's own converter can read. Activities of other languages, and signals sent by
   * hand, may come in any encoding; one that the converter refuses would block the run for good.
   */
  async #readable(payload: Payload): Promise<Payload> {
    const { metadata } = payload;
    const data = payload.data ?? new Uint8Array();
    const encoding = encodingOf(payload);
    switch (encoding) {
      case 'json/plain':
      case 'binary/null':
        return payload;
      case STORED: {
        const sha256 = sha256In(data);
        return sha256 === undefined ? unreadable(encoding) : this.#readable(await this.#keeper.find(sha256));
      }
      case GZIP: {
        const { 'inner-encoding': inner, ...rest } = metadata ?? {};
        const unzipped = await promisify(gunzip)(data).catch(() => undefined);
        if (unzipped === undefined) return unreadable(encoding);
        return this.#readable({
          metadata: { ...rest, [ENCODING]: inner ?? Buffer.from('json/plain') },
          data: unzipped,
        });
      }
      case 'json/protobuf':
        // A protobuf message, as JSON already.
        return { metadata: { ...metadata, [ENCODING]: Buffer.from('json/plain') }, data };
      case 'binary/plain':
        return json(Buffer.from(data).toString('base64'));
      default:
        return unreadable(encoding);
    }
  }
}

function isLarge({ data }: Payload): boolean {
  return (data?.length ?? 0) >= COMPRESS_FROM_BYTES;
}

function encodingOf({ metadata }: Payload): string {
  return Buffer.from(metadata?.[ENCODING] ?? []).toString();
}

function isReadable(payload: Payload): boolean {
  const encoding = encodingOf(payload);
  return encoding === 'json/plain' || encoding === 'binary/null';
}

async function compress(payload: Payload): Promise<Payload> {
  const { data, metadata } = payload;
  const inner = encodingOf(payload);
  return {
    metadata: { ...metadata, [ENCODING]: Buffer.from(GZIP), 'inner-encoding': Buffer.from(inner) },
    data: await promisify(gzip)(data ?? new Uint8Array()),
  };
}

function json(value: Json, encoding = 'json/plain'): Payload {
  return { metadata: { [ENCODING]: Buffer.from(encoding) }, data: Buffer.from(JSON.stringify(value)) };
}

function unreadable(encoding: string): Payload {
  return json({ unreadable: encoding });
}

/** What a reference refers to; undefined where it is none, whatever its encoding says. */
function sha256In(data: Uint8Array): string | undefined {
  try {
    const { sha256 } = JSON.parse(Buffer.from(data).toString()) as { readonly sha256?: unknown };
    return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined;
  } catch {
    return undefined;
  }
}

function keeperIn(store: BlobStore, from: number): Keeper {
  return {
    from,
    keep: async (payload) => (await store.put(blobOf(payload)).catch(rethrowNamed)).sha256,
    find: async (sha256) => {
      const blob = await store.get(sha256).catch(rethrowNamed);
      if (blob !== undefined) return payloadOf(blob);
      return absent(`The store ${store.place} does not have the value ${sha256}: it was swept, or is in another.`);
    },
  };
}

function absent(message: string): never {
  const hint = 'Set DAGWRIGHT_STORE to the same place for all clients and workers.';
  return rethrowNamed(new DagwrightError('STORE_FAILED', message, { hint }));
}

/** A payload as bytes: its metadata as a line of JSON, then its data. */
function blobOf({ metadata, data }: Payload): Buffer {
  const texts = Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return Buffer.concat([Buffer.from(`${JSON.stringify(Object.fromEntries(texts))}\n`), data ?? new Uint8Array()]);
}

function payloadOf(blob: Buffer): Payload {
  const end = blob.indexOf(0x0a);
  const texts = JSON.parse(blob.toString('utf8', 0, end)) as Record<string, string>;
  const metadata = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'base64')]);
  return { metadata: Object.fromEntries(metadata) as Record<string, Buffer>, data: blob.subarray(end + 1) };
}

/** In an activity's failure, and in a worker's log, the SDK tells of an error only its name and message. */
function rethrowNamed(error: unknown): never {
  if (error instanceof DagwrightError) Object.defineProperty(error, 'name', { value: error.code });
  throw error;
}

function converterWith(keeper: Keeper): DataConverter {
  return { payloadCodecs: [new LargePayloadCodec(keeper)] };
}

/** How clients and workers write payloads, where nothing is kept outside of Temporal. A reference fails with STORE_FAILED. */
export const dataConverter: DataConverter = converterWith({
  from: Infinity,
  keep: () => Promise.reject(new Error('Nothing is kept here.')),
  find: async (sha256) => absent(`The value ${sha256} is in a store, and none is known here.`),
});

/**
 * How clients and workers write payloads: all must use it, with the same store. Large ones are compressed; those that are
 * large still are kept in the store. Reading one that cannot be had fails with DagwrightError STORE_FAILED in a client, and
 * as the task's failure STORE_FAILED in a worker; a run whose own values cannot be had waits, its worker logs it, and
 * tries again.
 */
export function createDataConverter(config: Pick<Config, 'store' | 'storeIsSet'>): DataConverter {
  const from = config.storeIsSet ? STORE_FROM_BYTES : STORE_UNSHARED_FROM_BYTES;
  return converterWith(keeperIn(openStore(config.store), from));
}

/**
 * For lists, with null for what the store has: what each run keeps there is not worth a look, and must not fail the list
 * where it cannot be had.
 */
export const listingConverter: DataConverter = converterWith({
  from: Infinity,
  keep: () => Promise.reject(new Error('Nothing is kept here.')),
  find: async () => json(null),
});

/** Payloads of a raw history as what wrote them saw them. */
export async function readPayloads(
  { payloadCodecs = [] }: DataConverter,
  payloads: readonly Payload[],
): Promise<Payload[]> {
  let read = [...payloads];
  for (const codec of payloadCodecs) read = await codec.decode(read);
  return read;
}
