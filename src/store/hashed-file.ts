import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactRef } from '../dag/artifact.js';

/** A file that nobody else sees yet, its content known. */
export interface HashedFile extends ArtifactRef {
  /** Gives it its name, over a file that is there. The folder of the name is made. */
  moveTo(path: string): Promise<void>;
  /** Where it is now. */
  readonly path: string;
  /** Removes it, unless it was moved. */
  drop(): Promise<void>;
}

/**
 * Writes a content to a new file in the folder, which is made, hashing what goes by. Nothing is left where that fails.
 * @param name what the file's name begins with.
 */
export async function writeHashed(
  folder: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  name = '',
): Promise<HashedFile> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}${randomUUID()}.tmp`);
  const drop = (): Promise<void> => rm(path, { force: true });
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const file = await open(path, 'wx');
    try {
      for await (const chunk of content instanceof Uint8Array ? [content] : content) {
        hash.update(chunk);
        bytes += chunk.length;
        await file.writeFile(chunk);
      }
      // A name must never stand for a content that a power cut took.
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await drop();
    throw error;
  }
  const moveTo = async (target: string): Promise<void> => {
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
  };
  return { path, sha256: hash.digest('hex'), bytes, moveTo, drop };
}

/** The content of a file, chunk by chunk. The file is opened when the first one is asked for. */
export async function* readChunks(path: string): AsyncIterable<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
}
