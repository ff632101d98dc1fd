import type { Json, JsonObject } from '../dag/json.js';
import { storedRef, storedValue } from '../dag/stored-value.js';
import type { ArtifactRef } from '../dag/artifact.js';
import type { TaskCall } from '../dag/task-call.js';
import type { BlobStore } from '../store/blob-store.js';
import { TaskFailure } from './handler.js';

/**
 * Bytes over which an output, as JSON, is kept in the store. A run holds all others in memory, and a workflow has 5 seconds
 * for what it does at a time: reading 50 MB alone takes over two.
 */
export const KEPT_FROM_BYTES = 1_048_576;

/** The output as a run holds it: where it is large, what stands for it, and it in the store. */
export async function keepLarge(output: Json | undefined, store: BlobStore | undefined): Promise<Json | undefined> {
  if (output === undefined || store === undefined) return output;
  const text = Buffer.from(JSON.stringify(output));
  return text.length <= KEPT_FROM_BYTES ? output : storedValue(await store.put(text));
}

/**
 * The call with the outputs that the store has put in, in `needs`, `params`, `with` and `item`, wherever they stand.
 * @throws TaskFailure STORE_FAILED where one is not there.
 */
export async function loadKept(call: TaskCall, store: BlobStore | undefined): Promise<TaskCall> {
  const { with: settings, needs, params, item } = call;
  const parts = { with: settings, needs, params, item };
  const refs = new Map<string, ArtifactRef>();
  findRefs(Object.values(parts).filter((part) => part !== undefined) as Json[], refs);
  if (refs.size === 0) return call;
  const values = new Map<string, Json>();
  for (const { sha256 } of refs.values()) values.set(sha256, await load(sha256, store));
  const loaded = Object.entries(parts).filter(([, part]) => part !== undefined) as [string, Json][];
  return { ...call, ...Object.fromEntries(loaded.map(([name, part]) => [name, replaced(part, values)])) };
}

async function load(sha256: string, store: BlobStore | undefined): Promise<Json> {
  const text = await store?.get(sha256);
  if (text !== undefined) return JSON.parse(text.toString()) as Json;
  const place = store === undefined ? 'This process has no store' : `The store ${store.place} does not have the value`;
  throw new TaskFailure({
    code: 'STORE_FAILED',
    message: `${place}, so an output that the task is handed cannot be had: it was swept, or is in another store.`,
    details: { sha256 },
  });
}

/** Marks what a report refers to as used. @returns whether the store has all of it. */
export async function touchKept(values: readonly Json[], store: BlobStore): Promise<boolean> {
  const refs = new Map<string, ArtifactRef>();
  findRefs(values, refs);
  for (const sha256 of refs.keys()) if (!(await store.touch(sha256))) return false;
  return true;
}

function findRefs(value: Json, refs: Map<string, ArtifactRef>): void {
  if (typeof value !== 'object' || value === null) return;
  const ref = storedRef(value);
  if (ref !== undefined) refs.set(ref.sha256, ref);
  else for (const member of Object.values(value) as Json[]) findRefs(member, refs);
}

function replaced(value: Json, values: ReadonlyMap<string, Json>): Json {
  if (typeof value !== 'object' || value === null) return value;
  const ref = storedRef(value);
  if (ref !== undefined) return values.get(ref.sha256) ?? null;
  if (Array.isArray(value)) return value.map((member: Json) => replaced(member, values));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, member]) => [key, replaced(member, values)]),
  );
}
