import { DagwrightError } from '../dag/errors.js';
import type { Json } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import type { BlobStore } from '../store/blob-store.js';
import { artifactsOf } from './artifacts.js';
import { cacheOf, type AttemptGain } from './cache.js';
import { TaskFailure, type TaskLog } from './handler.js';
import { keepLarge, loadKept } from './kept-values.js';

/** What an attempt needs beside its call to come by its gain. */
export interface GainHost {
  /** Default: no artifacts, no cache, and no output that is kept elsewhere. */
  readonly store: BlobStore | undefined;
  readonly log: TaskLog;
  readonly signal: AbortSignal;
}

/**
 * What an attempt gives: what the cache has for it, else what `run` makes of the call, the outputs and the files that it
 * is handed put in, and its own large output and files kept. Whatever `run` throws is thrown on.
 * @throws TaskFailure STORE_FAILED (retryable), ARTIFACT_MISSING, TASK_INPUT_INVALID.
 */
export async function gainOf(
  call: TaskCall,
  host: GainHost,
  run: (call: TaskCall) => Promise<Json | undefined>,
): Promise<AttemptGain> {
  const { store, log, signal } = host;
  const artifacts = artifactsOf(call, store);
  const cache = cacheOf(call, store, log);
  const found = await cache.find();
  if (found !== undefined) return found;
  await artifacts.load().catch(failure);
  const made = await run(await loadKept(call, store).catch(failure));
  // A task that was stopped keeps nothing, whatever it returned.
  signal.throwIfAborted();
  const output = await keepLarge(made, store).catch(failure);
  const files = await artifacts.save().catch(failure);
  const gain = {
    ...(output === undefined ? {} : { output }),
    ...(files === undefined ? {} : { artifacts: files }),
  };
  signal.throwIfAborted();
  await cache.keep(gain);
  return gain;
}

function failure(error: unknown): never {
  if (!(error instanceof DagwrightError)) throw error;
  throw new TaskFailure({ code: error.code, message: error.message }, { cause: error.cause });
}
