import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataConverter, dataConverter, readPayloads } from './data-converter.js';

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

  /** What a history has in place of a payload that the store has. */
  function reference(claimData: Record<string, string>): Payload {
    return {
      metadata: {
        encoding: Buffer.from('json/protobuf'),
        messageType: Buffer.from('temporal.api.sdk.v1.ExternalStorageReference'),
      },
      data: Buffer.from(JSON.stringify({ driverName: 'dagwright', claimData })),
    };
  }

  it('gives back a payload that it keeps as it was, whatever is in it', async () => {
    const converter = createDataConverter({ store: { folder }, storeIsSet: true });
    const [driver] = converter.externalStorage!.drivers;
    const payload = { metadata: { encoding: Buffer.from('json/plain'), x: Buffer.from([0, 10, 255]) } };
    const payloads = [
      { ...payload, data: Buffer.from('{"a":\n1}') },
      { metadata: {}, data: Buffer.from([10, 0]) },
    ];
    const claims = await driver!.store({}, payloads);
    expect(await driver!.retrieve({}, claims)).toEqual(payloads);
    const [read] = await readPayloads(converter, [reference(claims[0]!.claimData)]);
    expect(defaultPayloadConverter.fromPayload(read!)).toEqual({ a: 1 });
  });

  it('keeps only what the server might refuse where no store was set, as others may have none of it', () => {
    const thresholdOf = (storeIsSet: boolean): number | undefined =>
      createDataConverter({ store: { folder }, storeIsSet }).externalStorage?.payloadSizeThreshold;
    expect(thresholdOf(true)).toBe(256 * 1024);
    expect(thresholdOf(false)).toBe(1.5 * 1024 * 1024);
  });

  it('says STORE_FAILED where a payload cannot be had, in the words that a failure of an activity keeps', async () => {
    const converter = createDataConverter({ store: { folder }, storeIsSet: true });
    const lost = reference({ sha256: '0'.repeat(64) });
    const failure = { name: 'STORE_FAILED', code: 'STORE_FAILED', message: expect.stringContaining(folder) as string };
    await expect(readPayloads(converter, [lost])).rejects.toMatchObject(failure);
    await expect(readPayloads(dataConverter, [lost])).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
