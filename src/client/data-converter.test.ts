import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { dataConverter } from './data-converter.js';

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
