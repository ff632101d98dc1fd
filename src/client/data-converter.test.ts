import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataConverter, dataConverter, listingConverter, readPayloads } from './data-converter.js';

const codec = dataConverter.payloadCodecs![0]!;

async function read(payload: Payload): Promise<unknown> {
  const [decoded] = await codec.decode([payload]);
  return defaultPayloadConverter.fromPayload(decoded!);
}

function payloadOf(encoding: string | undefined, data: string): Payload {
  const metadata = encoding === undefined ? {} : { encoding: Buffer.from(encoding) };
  return { metadata, data: Buffer.from(data) };
}

describe('the data converter', () => {
  it('compresses what is large, and gives it back as it was', async () => {
    const value = { text: 'x'.repeat(100_000) };
    const [encoded] = await codec.encode([defaultPayloadConverter.toPayload(value)!]);
    expect(encoded!.data!.length).toBeLessThan(1_000);
    expect(await read(encoded!)).toEqual(value);
  });

  it('leaves small payloads as they are', async () => {
    const payload = payloadOf('json/plain', '[1]');
    expect(await codec.encode([payload])).toEqual([payload]);
    expect(await codec.decode([payload])).toEqual([payload]);
  });

  it('reads the JSON of a protobuf message, as activities in Go and Java return it', async () => {
    expect(await read(payloadOf('json/protobuf', '{"id":"7"}'))).toEqual({ id: '7' });
  });

  it('reads bytes as base64', async () => {
    expect(await read(payloadOf('binary/plain', 'ab'))).toBe('YWI=');
  });

  it.each([
    ['an unknown encoding', payloadOf('weird/x', 'junk'), 'weird/x'],
    ['no encoding', payloadOf(undefined, 'junk'), ''],
    ['a reference to nothing', payloadOf('json/dagwright-stored', '{"sha256":"../x"}'), 'json/dagwright-stored'],
    ['what is not compressed though it says so', payloadOf('binary/gzip', 'junk'), 'binary/gzip'],
  ])('says that %s is unreadable, instead of throwing', async (_name, payload, unreadable) => {
    expect(await read(payload)).toEqual({ unreadable });
  });
});

describe('a converter with a store', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dagwright-converter-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function codecOf(storeIsSet: boolean): PayloadCodec {
    return createDataConverter({ store: { folder }, storeIsSet }).payloadCodecs![0]!;
  }

  async function isKept(codec: PayloadCodec, bytes: number): Promise<boolean> {
    const [encoded] = await codec.encode([{ metadata: {}, data: randomBytes(bytes) }]);
    return encoded!.data!.length < 200;
  }

  it.each([
    ['the value of a client', { encoding: Buffer.from('json/plain'), x: Buffer.from([0, 10, 255]) }],
    ['one of no encoding', {}],
  ])('gives back %s as it was, whatever is in it', async (_name, metadata) => {
    const codec = codecOf(true);
    const data = Buffer.concat([
      Buffer.from('"\n'),
      Buffer.from(randomBytes(300_000).toString('hex')),
      Buffer.from('"'),
    ]);
    const encoded = await codec.encode([{ metadata, data }, payloadOf('json/plain', '7')]);
    expect(encoded[1]).toEqual(payloadOf('json/plain', '7'));
    const decoded = await readPayloads(createDataConverter({ store: { folder }, storeIsSet: true }), encoded);
    const isReadable = 'encoding' in metadata;
    expect(decoded[0]!.metadata).toEqual(isReadable ? metadata : { encoding: Buffer.from('json/plain') });
    expect(Buffer.compare(decoded[0]!.data!, isReadable ? data : Buffer.from('{"unreadable":""}'))).toBe(0);
    expect(decoded[1]).toEqual(payloadOf('json/plain', '7'));
  });

  it('keeps what is large when compressed; without a store that was set, only what the server might refuse', async () => {
    expect(await isKept(codecOf(true), 250_000)).toBe(false);
    expect(await isKept(codecOf(true), 264_000)).toBe(true);
    expect(await isKept(codecOf(false), 1_560_000)).toBe(false);
    expect(await isKept(codecOf(false), 1_580_000)).toBe(true);
    expect(await isKept(dataConverter.payloadCodecs![0]!, 1_580_000)).toBe(false);
  });

  it('reads what was kept whatever it would keep itself', async () => {
    const data = Buffer.from(JSON.stringify(randomBytes(300_000).toString('base64')));
    const payload = { metadata: { encoding: Buffer.from('json/plain') }, data };
    const [decoded] = await codecOf(false).decode(await codecOf(true).encode([payload]));
    expect(Buffer.compare(decoded!.data!, data)).toBe(0);
  });

  it('says STORE_FAILED where a payload cannot be had, in the words that a failure of an activity keeps', async () => {
    const lost = payloadOf('json/dagwright-stored', JSON.stringify({ sha256: '0'.repeat(64), bytes: 1 }));
    const failure = { name: 'STORE_FAILED', code: 'STORE_FAILED', message: expect.stringContaining(folder) as string };
    await expect(codecOf(true).decode([lost])).rejects.toMatchObject(failure);
    await expect(codec.decode([lost])).rejects.toMatchObject({ name: 'STORE_FAILED', code: 'STORE_FAILED' });
  });

  it('says STORE_FAILED where a payload cannot be kept', async () => {
    await writeFile(join(folder, 'tmp'), 'no folder');
    const payload = { metadata: {}, data: randomBytes(300_000) };
    await expect(codecOf(true).encode([payload])).rejects.toMatchObject({ name: 'STORE_FAILED', code: 'STORE_FAILED' });
  });

  it('gives lists null for what is kept, without a look', async () => {
    const lost = payloadOf('json/dagwright-stored', JSON.stringify({ sha256: '0'.repeat(64), bytes: 1 }));
    expect(await readPayloads(listingConverter, [lost])).toEqual([payloadOf('json/plain', 'null')]);
  });
});
