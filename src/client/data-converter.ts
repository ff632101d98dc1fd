import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import type { Json } from '../dag/json.js';

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

/** How clients and workers write payloads: both must use it. */
export const dataConverter: DataConverter = { payloadCodecs: [new CompressionCodec()] };
