import type { ArtifactRef } from './artifact.js';
import type { Json } from './json.js';

const KEY = '$dagwright/stored';
const SHA_256 = /^[0-9a-f]{64}$/;

/**
 * What a run holds in place of an output that is too large for it: the worker that made it put it into the store, as
 * JSON by its content, and the worker of a task that is handed this takes it out again. So it may be passed on whole, and
 * nothing else: no host can look into it.
 */
export function storedValue({ sha256, bytes }: ArtifactRef): Json {
  return { [KEY]: { sha256, bytes } };
}

/** Where the store has the value that this one stands for; undefined where it is any other value. */
export function storedRef(value: Json | undefined): ArtifactRef | undefined {
  if (typeof value !== 'object' || value === null || !(KEY in value)) return undefined;
  const ref: Json | undefined = value[KEY];
  if (Object.keys(value).length !== 1 || typeof ref !== 'object' || ref === null || !('sha256' in ref))
    return undefined;
  const { sha256, bytes } = ref;
  if (typeof sha256 !== 'string' || !SHA_256.test(sha256) || typeof bytes !== 'number') return undefined;
  return { sha256, bytes };
}

/** Bytes of all stored values that a value holds, itself included. */
export function storedBytes(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = storedRef(value);
  if (own !== undefined) return own.bytes;
  return Object.values(value).reduce<number>((sum, member: Json) => sum + storedBytes(member), 0);
}
