import type { Json, JsonObject } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import { sha256Of, type BlobStore } from '../store/blob-store.js';
import { messageOf } from './failure.js';
import type { TaskLog, TaskReport } from './handler.js';
import { touchKept } from './kept-values.js';

/** Entries of another form are not read. */
const FORM = 1;

/** What an attempt gives, however it came by it. */
export type AttemptGain = Pick<TaskReport, 'output' | 'artifacts' | 'cached'>;

/** An attempt's success, as the store keeps it. */
interface CacheEntry extends Omit<AttemptGain, 'cached'> {
  readonly form: typeof FORM;
  readonly runId: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What another attempt gave for the same inputs. Never fails a task: where it cannot be read or written, its log says so. */
export interface Cache {
  /** What was kept; undefined where there is nothing, or it is too old. */
  find(): Promise<AttemptGain | undefined>;
  keep(gain: AttemptGain): Promise<void>;
}

const NONE: Cache = { find: async () => undefined, keep: async () => undefined };

/** The cache of a task: one that never has anything where the task wants none, or there is no store. */
export function cacheOf(
  call: TaskCall,
  store: BlobStore | undefined,
  log: TaskLog,
  now: () => number = Date.now,
): Cache {
  if (call.cache === undefined) return NONE;
  if (store === undefined) {
    log.write('[dagwright] The cache is not used: this process has no store.');
    return NONE;
  }
  const { maxAge = Infinity } = call.cache;
  const key = cacheKey(call);
  return {
    find: async () => {
      try {
        const entry = readEntry(await store.readEntry(key));
        if (entry === undefined || now() - Date.parse(entry.at) > maxAge) return undefined;
        const { runId, at, output, artifacts } = entry;
        if (!(await hasAll(entry, store))) return undefined;
        log.write(`[dagwright] Not run: the run ${runId} did the same at ${at}.`);
        return {
          ...(output === undefined ? {} : { output }),
          ...(artifacts === undefined ? {} : { artifacts }),
          cached: { runId, at },
        };
      } catch (error) {
        log.write(`[dagwright] The cache could not be read: ${messageOf(error)}`);
        return undefined;
      }
    },
    keep: async ({ output, artifacts }) => {
      const at = new Date(now()).toISOString();
      const entry: CacheEntry = {
        form: FORM,
        runId: call.runId,
        at,
        ...(output === undefined ? {} : { output }),
        ...(artifacts === undefined ? {} : { artifacts }),
      };
      try {
        await store.writeEntry(key, Buffer.from(JSON.stringify(entry)));
      } catch (error) {
        log.write(`[dagwright] The cache could not be written: ${messageOf(error)}`);
      }
    },
  };
}

/**
 * What stands for the inputs of a task: of its dag and name and the key that it gives; or, where it gives none, of all
 * that its outcome may hang on. An item of a fan-out that gives no key is known by what it is, not by its place. Secrets
 * are in it by the expressions that name them: another value of a secret is no other input.
 */
export function cacheKey(call: TaskCall): string {
  const { dag, task, uses, env, needs, params, item, secrets, artifacts, index, output } = call;
  const given = call.cache?.key ?? null;
  const inputs =
    given === null
      ? {
          task: index === undefined ? task : task.replace(/\[\d+\]$/, ''),
          uses,
          with: call.with,
          env,
          needs,
          params,
          item,
          secrets,
          artifacts,
          output,
        }
      : { task, key: given };
  return sha256Of(canonical({ form: FORM, dag, ...inputs } as unknown as Json));
}

/** JSON with the keys of objects in order. */
function canonical(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value as JsonObject)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

function readEntry(content: Buffer | undefined): CacheEntry | undefined {
  if (content === undefined) return undefined;
  const entry = JSON.parse(content.toString()) as Partial<CacheEntry> | null;
  return entry?.form === FORM ? (entry as CacheEntry) : undefined;
}

/** What was swept since would fail the tasks that are handed it. */
async function hasAll({ output, artifacts = {} }: CacheEntry, store: BlobStore): Promise<boolean> {
  for (const { sha256 } of Object.values(artifacts)) if (!(await store.touch(sha256))) return false;
  return output === undefined || touchKept([output], store);
}
