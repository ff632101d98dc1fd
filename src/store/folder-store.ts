import { opendir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactRef } from '../dag/artifact.js';
import { corrupt, requireName, sha256Of, storeError, type BlobStore, type Kind } from './blob-store.js';
import { readChunks, writeHashed, type HashedFile } from './hashed-file.js';

/** Files that one sweep looks at. */
const LOOKED_AT = 100_000;
/** Milliseconds after which a file that was never finished belongs to a process that died. */
const ABANDONED_AFTER = 86_400_000;

/**
 * A store in a folder, which machines may share: `blobs/ab/cdef...` and `entries/...`, each file's time of change the
 * time of its last use. The folder is made with the first content.
 */
export class FolderStore implements BlobStore {
  readonly place: string;
  readonly #shards: readonly (readonly [Kind, string])[];
  #nextShard = 0;

  constructor(folder: string) {
    this.place = folder;
    const names = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
    this.#shards = (['entries', 'blobs'] as const).flatMap((kind) => names.map((name) => [kind, name] as const));
  }

  open(): Promise<void> {
    return this.#guard(async () => (await writeHashed(this.#temporary(), new Uint8Array())).drop());
  }

  put(content: Uint8Array): Promise<ArtifactRef> {
    return this.#guard(async () => {
      const ref = { sha256: sha256Of(content), bytes: content.length };
      if (!(await this.#isKept(ref))) await this.#keep(await writeHashed(this.#temporary(), content));
      return ref;
    });
  }

  putFile(path: string): Promise<ArtifactRef> {
    return this.#guard(async () => {
      const file = await writeHashed(this.#temporary(), readChunks(path));
      if (await this.#isKept(file)) await file.drop();
      else await this.#keep(file);
      return { sha256: file.sha256, bytes: file.bytes };
    });
  }

  get(sha256: string): Promise<Buffer | undefined> {
    return this.#guard(async () => {
      const path = this.#path('blobs', sha256);
      const content = await readFile(path).catch(ignoreMissing);
      if (content === undefined) return undefined;
      if (sha256Of(content) !== sha256) throw await this.#removed(sha256);
      await use(path);
      return content;
    });
  }

  getFile(sha256: string, path: string): Promise<boolean> {
    return this.#guard(async () => {
      const from = this.#path('blobs', sha256);
      if (!(await use(from))) return false;
      const file = await writeHashed(dirname(path), readChunks(from), '.dagwright-');
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
    return this.#guard(async () => (await stat(this.#path('blobs', sha256)).catch(ignoreMissing)) !== undefined);
  }

  touch(sha256: string): Promise<boolean> {
    return this.#guard(() => use(this.#path('blobs', sha256)));
  }

  readEntry(key: string): Promise<Buffer | undefined> {
    return this.#guard(async () => {
      const path = this.#path('entries', key);
      const content = await readFile(path).catch(ignoreMissing);
      if (content !== undefined) await use(path);
      return content;
    });
  }

  writeEntry(key: string, content: Uint8Array): Promise<void> {
    return this.#guard(async () => (await writeHashed(this.#temporary(), content)).moveTo(this.#path('entries', key)));
  }

  sweep(unusedSince: number): Promise<number> {
    return this.#guard(async () => {
      let removed = await sweepFolder(this.#temporary(), Date.now() - ABANDONED_AFTER, { left: LOOKED_AT });
      const work = { left: LOOKED_AT };
      for (let i = 0; i < this.#shards.length && work.left > 0; i++) {
        const [kind, name] = this.#shards[this.#nextShard]!;
        this.#nextShard = (this.#nextShard + 1) % this.#shards.length;
        removed += await sweepFolder(join(this.place, kind, name), unusedSince, work);
      }
      return removed;
    });
  }

  #temporary(): string {
    return join(this.place, 'tmp');
  }

  #path(kind: Kind, name: string): string {
    requireName(name, this.place);
    return join(this.place, kind, name.slice(0, 2), name.slice(2));
  }

  /** Whether the content is there, whole as far as its size tells. Counts as a use. */
  async #isKept({ sha256, bytes }: ArtifactRef): Promise<boolean> {
    const path = this.#path('blobs', sha256);
    const entry = await stat(path).catch(ignoreMissing);
    return entry?.size === bytes && (await use(path));
  }

  async #keep(file: HashedFile): Promise<void> {
    try {
      await file.moveTo(this.#path('blobs', file.sha256));
    } finally {
      await file.drop();
    }
  }

  /** Away with it, so that the next one who has the content can keep it whole. */
  async #removed(sha256: string): Promise<Error> {
    await rm(this.#path('blobs', sha256), { force: true });
    return corrupt(this.place, sha256);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(this.place, error);
    }
  }
}

/** Marks a file as used now. @returns false where it is not there. */
async function use(path: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    // Another user's file in a shared folder, or a read-only one: it can be read all the same.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM' || code === 'EACCES' || code === 'EROFS') return true;
    throw error;
  }
}

async function sweepFolder(folder: string, unusedSince: number, work: { left: number }): Promise<number> {
  let removed = 0;
  const names = await opendir(folder).catch(ignoreMissing);
  if (names === undefined) return 0;
  for await (const { name } of names) {
    if (work.left-- <= 0) break;
    const path = join(folder, name);
    const entry = await stat(path).catch(ignoreMissing);
    if (entry === undefined || !entry.isFile() || entry.mtimeMs >= unusedSince) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function ignoreMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
