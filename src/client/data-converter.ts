import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  ExternalStorage,
  StorageDriverClaim,
  type DataConverter,
  type Payload,
  type PayloadCodec,
  type StorageDriver,
} from '@temporalio/common';
import type { Config } from '../config.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json } from '../dag/json.js';
import type { BlobStore } from '../store/blob-store.js';
import { openStore } from '../store/open-store.js';

/** Payloads from this size on are compressed. Smaller ones stay readable in Temporal's Web UI. */
const COMPRESS_FROM_BYTES = 65_536;
const ENCODING = 'encoding';
const GZIP = 'binary/gzip';

/**
 * Compresses large payloads. A dag and a result of many tasks repeat themselves: gzip takes them to a tenth, far below
 * the 2 MB that the server allows.
 */
class CompressionCodec implements PayloadCodec {
  async encode(payloads: Payload[]): Promise<Payload[]> {
    if (!payloads.some(isLarge)) return payloads;
    return Promise.all(payloads.map((payload) => compress(payload)));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    if (payloads.every(isReadable)) return payloads;
    return Promise.all(payloads.map((payload) => readable(payload)));
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
  if (!isLarge(payload)) return payload;
  const { data, metadata } = payload;
  const inner = encodingOf(payload);
  return {
    metadata: { ...metadata, [ENCODING]: Buffer.from(GZIP), 'inner-encoding': Buffer.from(inner) },
    data: await promisify(gzip)(data ?? new Uint8Array()),
  };
}

/**
 * The payload as something that Temporal's own converter can read. Activities of other languages, and signals sent by
 * hand, may come in any encoding; one that the converter refuses would block the run for good.
 */
async function readable(payload: Payload): Promise<Payload> {
  const { metadata } = payload;
  const data = payload.data ?? new Uint8Array();
  const encoding = encodingOf(payload);
  switch (encoding) {
    case 'json/plain':
    case 'binary/null':
      return payload;
    case GZIP:
      try {
        const { 'inner-encoding': inner, ...rest } = metadata ?? {};
        const unzipped = await promisify(gunzip)(data);
        return await readable({
          metadata: { ...rest, [ENCODING]: inner ?? Buffer.from('json/plain') },
          data: unzipped,
        });
      } catch {
        return plain({ unreadable: encoding });
      }
    case 'json/protobuf':
      // A protobuf message, as JSON already.
      return { metadata: { ...metadata, [ENCODING]: Buffer.from('json/plain') }, data };
    case 'binary/plain':
      return plain(Buffer.from(data).toString('base64'));
    default:
      return plain({ unreadable: encoding });
  }
}

function plain(value: Json): Payload {
  return { metadata: { [ENCODING]: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) };
}

/** Payloads, as they go to the server, that go by reference from this size on, where all share a store that was set. */
const STORE_FROM_BYTES = 256 * 1024;
/** Where none was set, only those that may be too large for the server: somebody else may not have this store. */
const STORE_UNSHARED_FROM_BYTES = 1_572_864;
const DRIVER = 'dagwright';
const REFERENCE = 'temporal.api.sdk.v1.ExternalStorageReference';

/** Keeps payloads in the store: what Temporal has of them is a reference. */
class StoreDriver implements StorageDriver {
  readonly name = DRIVER;
  readonly type = 'dagwright.store';
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  store(_context: unknown, payloads: Payload[]): Promise<StorageDriverClaim[]> {
    return Promise.all(
      payloads.map(async (payload) => {
        const { sha256 } = await this.#store.put(blobOf(payload)).catch(rethrowNamed);
        return new StorageDriverClaim({ sha256 });
      }),
    );
  }

  retrieve(_context: unknown, claims: readonly Pick<StorageDriverClaim, 'claimData'>[]): Promise<Payload[]> {
    return Promise.all(claims.map(({ claimData }) => this.#payload(claimData['sha256'] ?? '').catch(rethrowNamed)));
  }

  async #payload(sha256: string): Promise<Payload> {
    const blob = await this.#store.get(sha256);
    if (blob !== undefined) return payloadOf(blob);
    const message = `The store ${this.#store.place} does not have the value ${sha256}: it was swept, or is in another.`;
    throw new DagwrightError('STORE_FAILED', message, {
      hint: 'Set DAGWRIGHT_STORE to the same place for all clients and workers.',
    });
  }
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

/**
 * How clients and workers write payloads, where nothing is kept outside of Temporal. Reads whatever holds no reference:
 * a reference is an error of the SDK then.
 */
export const dataConverter: DataConverter = { payloadCodecs: [new CompressionCodec()] };

/**
 * How clients and workers write payloads: all must use it, with the same store. Large ones are compressed; those that are
 * large still are kept in the store. Reading one that cannot be had fails with DagwrightError STORE_FAILED in a client, and
 * as the task's failure STORE_FAILED in a worker; a run whose own values cannot be had waits, its worker logs it, and
 * tries again.
 */
export function createDataConverter(config: Pick<Config, 'store' | 'storeIsSet'>): DataConverter {
  return {
    ...dataConverter,
    externalStorage: new ExternalStorage({
      drivers: [new StoreDriver(openStore(config.store))],
      payloadSizeThreshold: config.storeIsSet ? STORE_FROM_BYTES : STORE_UNSHARED_FROM_BYTES,
    }),
  };
}

/** Gives null for what the store has, without asking it. */
class AbsentDriver implements StorageDriver {
  readonly name = DRIVER;
  readonly type = 'dagwright.absent';

  store(): Promise<never> {
    throw new Error('Nothing is kept here.');
  }

  async retrieve(_context: unknown, claims: readonly unknown[]): Promise<Payload[]> {
    return claims.map(() => plain(null));
  }
}

/** For lists: what each run keeps in the store is not worth a look, and must not fail the list where it cannot be had. */
export const listingConverter: DataConverter = {
  ...dataConverter,
  externalStorage: new ExternalStorage({ drivers: [new AbsentDriver()], driverSelector: () => null }),
};

/** Payloads of a raw history as what wrote them saw them. */
export async function readPayloads(
  { payloadCodecs = [], externalStorage }: DataConverter,
  payloads: readonly Payload[],
): Promise<Payload[]> {
  let read = await Promise.all(payloads.map((payload) => dereferenced(payload, externalStorage)));
  for (const codec of payloadCodecs) read = await codec.decode(read);
  return read;
}

async function dereferenced(payload: Payload, storage: ExternalStorage | undefined): Promise<Payload> {
  if (Buffer.from(payload.metadata?.['messageType'] ?? []).toString() !== REFERENCE) return payload;
  const text = Buffer.from(payload.data ?? []).toString();
  const { driverName, claimData = {} } = JSON.parse(text) as Partial<Record<'driverName', string>> & {
    claimData?: Record<string, string>;
  };
  const driver = storage?.getDriver(driverName ?? '');
  const [found] = (await driver?.retrieve({}, [new StorageDriverClaim(claimData)])) ?? [];
  if (found !== undefined) return found;
  throw new DagwrightError('STORE_FAILED', `A value is kept by "${driverName}", which is not known here.`);
}
