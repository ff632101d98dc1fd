import { createHash } from 'node:crypto';
import { DagwrightError } from '../dag/errors.js';
import type { ArtifactRef } from '../dag/artifact.js';

/**
 * Where contents are kept by their SHA-256: artifacts, values too large for Temporal, and beside them small entries by a
 * key of their own. Safe for any number of processes at once. What nobody used for long is swept.
 *
 * Every method throws DagwrightError STORE_FAILED where the store cannot be written or read, and nothing else.
 */
export interface BlobStore {
  /** For people: a folder, or `s3://bucket/prefix`. */
  readonly place: string;
  /**
   * Makes sure that it can be used; whoever keeps things should call it first.
   * @throws DagwrightError CONFIG_INVALID where a package is missing.
   */
  open(): Promise<void>;
  /** Keeps bytes. */
  put(content: Uint8Array): Promise<ArtifactRef>;
  /** Keeps a file's content, which is never in memory as a whole. */
  putFile(path: string): Promise<ArtifactRef>;
  /** The content, checked; undefined where it is not there. Counts as a use. */
  get(sha256: string): Promise<Buffer | undefined>;
  /**
   * Writes the content, checked, to a file, which appears or changes at once. Counts as a use.
   * @returns false where the content is not there; no file was written then.
   */
  getFile(sha256: string, path: string): Promise<boolean>;
  has(sha256: string): Promise<boolean>;
  /** Counts as a use. A store may take a use for one that came up to a day later. @returns false where it is not there. */
  touch(sha256: string): Promise<boolean>;
  /** The entry of this key (64 hexadecimal digits); undefined where there is none. Counts as a use. */
  readEntry(key: string): Promise<Buffer | undefined>;
  /** Writes the entry, over one that is there. */
  writeEntry(key: string, content: Uint8Array): Promise<void>;
  /**
   * Removes contents and entries that were not used since a time (milliseconds), in bounded work: the next sweep goes on
   * where this one stopped.
   * @returns how many it removed.
   */
  sweep(unusedSince: number): Promise<number>;
}

/** What a store keeps, each by a name of 64 hexadecimal digits. */
export type Kind = 'blobs' | 'entries';

/** The SHA-256 of a content, in hexadecimal. */
export function sha256Of(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A name comes from a payload or a history: it must not lead out of the store. */
export function requireName(name: string, place: string): string {
  if (/^[0-9a-f]{64}$/.test(name)) return name;
  throw storeError(place, `"${name.slice(0, 80)}" is no SHA-256`);
}

/** The failure of a content that is not what its name says. */
export function corrupt(place: string, sha256: string): DagwrightError {
  return storeError(place, `the content ${sha256} was damaged, and is removed`);
}

/** What went wrong as an error that names the store. */
export function storeError(place: string, reason: unknown): DagwrightError {
  if (reason instanceof DagwrightError) return reason;
  const why = reason instanceof Error ? reason.message || reason.name : String(reason);
  return new DagwrightError('STORE_FAILED', `The store ${place} failed: ${why}.`, {
    hint: 'Look at DAGWRIGHT_STORE: all clients and workers must reach the same place.',
    cause: reason,
  });
}
