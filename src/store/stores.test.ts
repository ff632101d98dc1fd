import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from './blob-store.js';
import { openStore } from './open-store.js';
import { readBucket } from './store-place.js';
import { S3Server } from '../../test/doubles/s3-server.js';

const DAY = 86_400_000;

/** What each store must give to run the contract. */
interface Stage {
  readonly store: BlobStore;
  /** Makes what is kept look as if it was last used so long ago. */
  age(milliseconds: number): Promise<void>;
  /** Puts other bytes where the content is. */
  damage(sha256: string): Promise<void>;
  /** How many things lie in the store, of whatever kind. */
  count(): Promise<number>;
}

let folder: string;
let server: S3Server;

beforeAll(async () => {
  server = await S3Server.start();
  Object.assign(process.env, server.environment);
});

afterAll(async () => {
  for (const name of Object.keys(server.environment)) delete process.env[name];
  await server.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-store-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  server.objects.clear();
});

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function inFolder(): Stage {
  const root = join(folder, 'store');
  return {
    store: openStore({ folder: root }),
    age: async (milliseconds) => {
      const then = new Date(Date.now() - milliseconds);
      for (const file of await filesIn(root)) await utimes(file, then, then);
    },
    damage: (sha256) => writeFile(join(root, 'blobs', sha256.slice(0, 2), sha256.slice(2)), 'damaged'),
    count: async () => (await filesIn(root)).length,
  };
}

function inBucket(): Stage {
  return {
    store: openStore(readBucket('s3://bucket/team/a/', true)!),
    age: async (milliseconds) => {
      for (const object of server.objects.values()) object.at = Date.now() - milliseconds;
    },
    damage: async (sha256) => {
      server.objects.get(`bucket/team/a/blobs/${sha256}`)!.content = Buffer.from('damaged');
    },
    count: async () => server.objects.size,
  };
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

describe.each([
  ['folder', inFolder],
  ['bucket', inBucket],
])('a store in a %s', (_name, makeStage) => {
  let stage: Stage;
  let store: BlobStore;

  beforeEach(() => {
    stage = makeStage();
    ({ store } = stage);
  });

  it('gives back what it was given, by its SHA-256', async () => {
    await store.open();
    const ref = await store.put(Buffer.from('content'));
    expect(ref).toEqual({ sha256: hashOf('content'), bytes: 7 });
    expect((await store.get(ref.sha256))?.toString()).toBe('content');
    expect(await store.has(ref.sha256)).toBe(true);
    expect(await store.touch(ref.sha256)).toBe(true);
  });

  it('says of what it does not have that it is not there', async () => {
    const absent = hashOf('absent');
    expect(await store.get(absent)).toBeUndefined();
    expect(await store.has(absent)).toBe(false);
    expect(await store.touch(absent)).toBe(false);
    expect(await store.getFile(absent, join(folder, 'x'))).toBe(false);
    expect(await store.readEntry(absent)).toBeUndefined();
    expect(await store.sweep(Date.now())).toBe(0);
    expect(await filesIn(folder)).toEqual([]);
  });

  it('takes files in and lays them down again, whatever is in them', async () => {
    const content = randomBytes(3_000_000);
    const [from, to] = [join(folder, 'from'), join(folder, 'deep', 'er', 'to')];
    await writeFile(from, content);
    const ref = await store.putFile(from);
    expect(ref).toEqual({ sha256: hashOf(content), bytes: content.length });
    expect(await store.getFile(ref.sha256, to)).toBe(true);
    expect(content.equals(await readFile(to))).toBe(true);
    expect(await readdir(join(folder, 'deep', 'er'))).toEqual(['to']);
  });

  it('keeps an empty content', async () => {
    await writeFile(join(folder, 'empty'), '');
    const ref = await store.putFile(join(folder, 'empty'));
    expect(ref.bytes).toBe(0);
    expect((await store.get(ref.sha256))?.length).toBe(0);
  });

  it('keeps a content once, however many give it at the same time', async () => {
    const content = randomBytes(200_000);
    const refs = await Promise.all(Array.from({ length: 10 }, () => store.put(content)));
    expect(new Set(refs.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(await stage.count()).toBe(1);
    expect((await store.get(refs[0]!.sha256))?.equals(content)).toBe(true);
  });

  it('refuses a damaged content, and takes the right one in again', async () => {
    const { sha256 } = await store.put(Buffer.from('content'));
    await stage.damage(sha256);
    await expect(store.get(sha256)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await store.put(Buffer.from('content'));
    expect((await store.get(sha256))?.toString()).toBe('content');
    await stage.damage(sha256);
    await expect(store.getFile(sha256, join(folder, 'to'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(stat(join(folder, 'to'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a name that is no SHA-256', async () => {
    await expect(store.get('../../etc/passwd')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('keeps entries, the last one of a key', async () => {
    const key = hashOf('key');
    await store.writeEntry(key, Buffer.from('one'));
    await store.writeEntry(key, Buffer.from('two'));
    expect((await store.readEntry(key))?.toString()).toBe('two');
    expect(await store.has(key)).toBe(false);
  });

  it('sweeps what was not used, and nothing that was', async () => {
    const [old, touched, read, again] = await Promise.all(
      ['old', 'touched', 'read', 'again'].map((text) => store.put(Buffer.from(text))),
    );
    const key = hashOf('key');
    await store.writeEntry(key, Buffer.from('entry'));
    await stage.age(3 * DAY);
    await store.touch(touched!.sha256);
    await store.get(read!.sha256);
    await store.put(Buffer.from('again'));
    expect(await store.sweep(Date.now() - 2 * DAY)).toBe(2);
    expect(await store.has(old!.sha256)).toBe(false);
    expect(await store.readEntry(key)).toBeUndefined();
    for (const ref of [touched, read, again]) expect(await store.has(ref!.sha256)).toBe(true);
    expect(await store.sweep(Date.now() - 2 * DAY)).toBe(0);
  });
});

describe('a store in a folder', () => {
  it('leaves nothing where a file cannot be taken in', async () => {
    const { store, count } = inFolder();
    await expect(store.putFile(join(folder, 'absent'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(await count()).toBe(0);
  });

  it('says where it is when it cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const store = openStore({ folder: join(folder, 'file', 'store') });
    const place = expect.stringContaining(join(folder, 'file', 'store')) as string;
    await expect(store.open()).rejects.toMatchObject({ code: 'STORE_FAILED', message: place });
    await expect(store.put(Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_FAILED', message: place });
  });

  it('sweeps what a process that died was writing a day ago', async () => {
    const { store, age, count } = inFolder();
    await store.put(Buffer.from('content'));
    await writeFile(join(folder, 'store', 'tmp', 'half.tmp'), 'half');
    await age(2 * DAY);
    expect(await store.sweep(0)).toBe(1);
    expect(await count()).toBe(1);
  });
});

describe('a store in a bucket', () => {
  it('leaves alone what is not its own', async () => {
    const { store, age } = inBucket();
    server.put('bucket/team/a/blobs/readme.txt', 'x');
    server.put('bucket/team/b/blobs/x', 'x');
    await store.put(Buffer.from('content'));
    await age(3 * DAY);
    expect(await store.sweep(Date.now() - DAY)).toBe(1);
    expect([...server.objects.keys()].toSorted()).toEqual(['bucket/team/a/blobs/readme.txt', 'bucket/team/b/blobs/x']);
  });

  it('sweeps more objects than the server lists at once', async () => {
    const { store, age } = inBucket();
    for (let i = 0; i < 25; i++) server.put(`bucket/team/a/blobs/${hashOf(String(i))}`, 'x');
    await age(3 * DAY);
    server.pageSize = 10;
    expect(await store.sweep(Date.now() - DAY)).toBe(25);
  });

  it('says which bucket is not there', async () => {
    const store = openStore(readBucket('s3://absent', true)!);
    const failure = { code: 'STORE_FAILED', message: expect.stringContaining('s3://absent/') as string };
    await expect(store.get(hashOf('x'))).rejects.toMatchObject(failure);
    await expect(store.put(Buffer.from('x'))).rejects.toMatchObject(failure);
  });
});

describe('the place of a store', () => {
  it.each([
    ['s3://my-bucket', { bucket: 'my-bucket', prefix: '', pathStyle: false }],
    ['s3://my-bucket/', { bucket: 'my-bucket', prefix: '', pathStyle: false }],
    ['s3://my.bucket/a/b/', { bucket: 'my.bucket', prefix: 'a/b/', pathStyle: false }],
    ['s3://', undefined],
    ['s3:bucket', undefined],
    ['s3://UPPER', undefined],
  ])('reads %s', (text, place) => {
    expect(readBucket(text, false)).toEqual(place);
  });
});
