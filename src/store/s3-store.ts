import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import { DagwrightError } from '../dag/errors.js';
import type { ArtifactRef } from '../dag/artifact.js';
import { corrupt, requireName, sha256Of, storeError, type BlobStore, type Kind } from './blob-store.js';
import { readChunks, writeHashed } from './hashed-file.js';
import type { BucketPlace } from './store-place.js';

/** Pages of up to 1,000 objects that one sweep looks at. */
const PAGES_PER_SWEEP = 20;
/** Milliseconds within which a use is not worth a request: an object's age is that of its last copy. */
const USE_COUNTS_AFTER = 86_400_000;
/** Objects that one sweep removes at a time. */
const REMOVALS_AT_ONCE = 16;
/** What a server takes in one request. */
const MAXIMUM_BYTES = 5 * 1024 ** 3;

/**
 * A store in a bucket of S3, or of a server that speaks it: `<prefix>blobs/<sha256>` and `<prefix>entries/<key>`. Where
 * it is, and the credentials, come from AWS's own variables and profiles. A file has at most 5 GiB.
 */
export class S3Store implements BlobStore {
  readonly place: string;
  readonly #where: BucketPlace;
  #loaded: Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.S3Client }> | undefined;
  /** The object after which the next sweep goes on. */
  #sweptUntil: string | undefined;

  constructor(where: BucketPlace) {
    this.#where = where;
    this.place = `s3://${where.bucket}/${where.prefix}`;
  }

  async open(): Promise<void> {
    await this.#load();
  }

  put(content: Uint8Array): Promise<ArtifactRef> {
    return this.#guard(async () => {
      const ref = { sha256: sha256Of(content), bytes: content.length };
      if (!(await this.#isKept(ref))) await this.#write(this.#key('blobs', ref.sha256), content, ref.bytes);
      return ref;
    });
  }

  /** By a copy of the file: one that changes meanwhile must not get into the store under another content's name. */
  putFile(path: string): Promise<ArtifactRef> {
    return this.#guard(async () => {
      const copy = await writeHashed(tmpdir(), readChunks(path), 'dagwright-artifact-');
      try {
        const ref = { sha256: copy.sha256, bytes: copy.bytes };
        if (ref.bytes > MAXIMUM_BYTES)
          throw new Error(`${ref.bytes} bytes are over the ${MAXIMUM_BYTES} of one object`);
        if (!(await this.#isKept(ref))) {
          await this.#write(this.#key('blobs', ref.sha256), createReadStream(copy.path), ref.bytes);
        }
        return ref;
      } finally {
        await copy.drop();
      }
    });
  }

  get(sha256: string): Promise<Buffer | undefined> {
    return this.#guard(async () => {
      const content = await this.#read(this.#key('blobs', sha256));
      if (content !== undefined && sha256Of(content) !== sha256) throw await this.#removed(sha256);
      return content;
    });
  }

  getFile(sha256: string, path: string): Promise<boolean> {
    return this.#guard(async () => {
      const answer = await this.#fetch(this.#key('blobs', sha256));
      if (answer === undefined) return false;
      const file = await writeHashed(dirname(path), answer.body as AsyncIterable<Uint8Array>, '.dagwright-');
      try {
        if (file.sha256 !== sha256) throw await this.#removed(sha256);
        await file.moveTo(path);
      } finally {
        await file.drop();
      }
      return true;
    });
  }

  has(sha256: string): Promise<boolean> {
    return this.#guard(async () => (await this.#head(this.#key('blobs', sha256))) !== undefined);
  }

  touch(sha256: string): Promise<boolean> {
    return this.#guard(async () => {
      const key = this.#key('blobs', sha256);
      const head = await this.#head(key);
      if (head !== undefined) await this.#use(key, head.usedAt);
      return head !== undefined;
    });
  }

  readEntry(key: string): Promise<Buffer | undefined> {
    return this.#guard(() => this.#read(this.#key('entries', key)));
  }

  writeEntry(key: string, content: Uint8Array): Promise<void> {
    return this.#guard(() => this.#write(this.#key('entries', key), content, content.length));
  }

  sweep(unusedSince: number): Promise<number> {
    return this.#guard(async () => {
      const { sdk, client } = await this.#load();
      const { bucket: Bucket, prefix: Prefix } = this.#where;
      let removed = 0;
      for (let page = 0; page < PAGES_PER_SWEEP; page++) {
        const after = this.#sweptUntil === undefined ? {} : { StartAfter: this.#sweptUntil };
        const { Contents = [], IsTruncated } = await client.send(
          new sdk.ListObjectsV2Command({ Bucket, Prefix, ...after }),
        );
        const old = Contents.filter(
          ({ Key = '', LastModified }) => this.#isOurs(Key) && usedAtOf(LastModified) < unusedSince,
        );
        for (let from = 0; from < old.length; from += REMOVALS_AT_ONCE) {
          const some = old.slice(from, from + REMOVALS_AT_ONCE);
          await Promise.all(some.map(({ Key }) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key }))));
          removed += some.length;
        }
        this.#sweptUntil = IsTruncated === true ? Contents.at(-1)?.Key : undefined;
        if (this.#sweptUntil === undefined) break;
      }
      return removed;
    });
  }

  /** Whatever else lies in the bucket is none of our business. */
  #isOurs(key: string): boolean {
    return /^(?:blobs|entries)\/[0-9a-f]{64}$/.test(key.slice(this.#where.prefix.length));
  }

  #key(kind: Kind, name: string): string {
    return `${this.#where.prefix}${kind}/${requireName(name, this.place)}`;
  }

  /** Whether the content is there, whole as far as its size tells. Counts as a use. */
  async #isKept({ sha256, bytes }: ArtifactRef): Promise<boolean> {
    const key = this.#key('blobs', sha256);
    const head = await this.#head(key);
    if (head?.bytes !== bytes) return false;
    await this.#use(key, head.usedAt);
    return true;
  }

  async #head(Key: string): Promise<{ readonly bytes: number; readonly usedAt: number } | undefined> {
    const { sdk, client } = await this.#load();
    const head = new sdk.HeadObjectCommand({ Bucket: this.#where.bucket, Key });
    const answer = await client.send(head).catch(ignoreMissing);
    return answer && { bytes: answer.ContentLength ?? -1, usedAt: usedAtOf(answer.LastModified) };
  }

  async #fetch(Key: string): Promise<{ readonly body: Readable } | undefined> {
    const { sdk, client } = await this.#load();
    const answer = await client
      .send(new sdk.GetObjectCommand({ Bucket: this.#where.bucket, Key }))
      .catch(ignoreMissing);
    if (answer === undefined) return undefined;
    await this.#use(Key, usedAtOf(answer.LastModified));
    return { body: answer.Body as Readable };
  }

  async #read(key: string): Promise<Buffer | undefined> {
    const answer = await this.#fetch(key);
    if (answer === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async #write(Key: string, Body: Uint8Array | Readable, ContentLength: number): Promise<void> {
    const { sdk, client } = await this.#load();
    await client.send(new sdk.PutObjectCommand({ Bucket: this.#where.bucket, Key, Body, ContentLength }));
  }

  /** An object grows young again by being copied onto itself. */
  async #use(Key: string, usedAt: number): Promise<void> {
    if (Date.now() - usedAt < USE_COUNTS_AFTER) return;
    const { sdk, client } = await this.#load();
    const { bucket: Bucket } = this.#where;
    const CopySource = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
    await client.send(new sdk.CopyObjectCommand({ Bucket, Key, CopySource, MetadataDirective: 'REPLACE' }));
  }

  async #removed(sha256: string): Promise<Error> {
    const { sdk, client } = await this.#load();
    const Key = this.#key('blobs', sha256);
    await client.send(new sdk.DeleteObjectCommand({ Bucket: this.#where.bucket, Key }));
    return corrupt(this.place, sha256);
  }

  #load(): Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.S3Client }> {
    this.#loaded ??= loadSdk().then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        forcePathStyle: this.#where.pathStyle,
        // Contents are checked by their names; servers other than AWS's may not know the newer checksums.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
      }),
    }));
    return this.#loaded;
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(this.place, error);
    }
  }
}

async function loadSdk(): Promise<typeof Sdk> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (cause) {
    throw new DagwrightError(
      'CONFIG_INVALID',
      'DAGWRIGHT_STORE names a bucket, and the package for S3 is not installed.',
      {
        hint: 'Install it beside Dagwright: `npm install @aws-sdk/client-s3`.',
        cause,
      },
    );
  }
}

function usedAtOf(lastModified: Date | undefined): number {
  return lastModified?.getTime() ?? Date.now();
}

function ignoreMissing(error: unknown): undefined {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  // A bucket that is not there is no missing object.
  if (name !== 'NoSuchBucket' && $metadata?.httpStatusCode === 404) return undefined;
  throw error;
}
