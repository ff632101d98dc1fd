import type { Json } from '../dag/json.js';
import { storedRef, storedValue } from '../dag/stored-value.js';
import { sha256Of, type BlobStore } from '../store/blob-store.js';
import type { Checkpoint } from './checkpoint.js';
import { messageOf } from './failure.js';
import type { TaskLog } from './handler.js';

/**
 * Bytes over which a checkpoint, as JSON, is kept in the store. Temporal's server has those of all tasks that run in the
 * state of their run: it ends runs whose state is over 8 MiB, and tells nobody of one over 4 MiB.
 */
const KEPT_FROM_BYTES = 1024;
/** Milliseconds between two writes to the store. */
const WRITE_INTERVAL = 1_000;

/** Of which attempt a checkpoint is. `attempt`: in the whole run. */
interface CheckpointOwner {
  readonly runId: string;
  readonly task: string;
  readonly attempt: number;
}

/**
 * What an attempt left last, as its run and the server hold it: a large one is an entry of the store, which each one that
 * follows is written over, and what stands for it is held in its place.
 */
export class CheckpointKeeper {
  readonly #key: string;
  readonly #store: BlobStore | undefined;
  readonly #log: TaskLog;
  readonly #changed: () => void;
  #latest: Checkpoint | undefined;
  /** A large one that is still to be written. */
  #waiting: Checkpoint | undefined;
  #writing: Promise<void> | undefined;
  #pause: NodeJS.Timeout | undefined;

  /**
   * @param before what an earlier attempt left, as `latest` had it: it counts until this one leaves something.
   * @param changed called each time that there is another one.
   */
  constructor(
    owner: CheckpointOwner,
    host: { readonly store: BlobStore | undefined; readonly log: TaskLog },
    before: Checkpoint | undefined,
    changed: () => void,
  ) {
    this.#key = sha256Of(JSON.stringify(['checkpoint', owner.runId, owner.task, owner.attempt]));
    this.#store = host.store;
    this.#log = host.log;
    this.#latest = before;
    this.#changed = changed;
  }

  /** As it is handed on. */
  get latest(): Checkpoint | undefined {
    return this.#latest;
  }

  /** Takes what the attempt leaves: at once where it is small, else soon. */
  take(checkpoint: Checkpoint): void {
    this.#waiting = checkpoint;
    if (this.#writing === undefined && (this.#pause === undefined || !this.#isLarge(checkpoint))) this.#keepWaiting();
  }

  /** The attempt has ended: keeps what waits. */
  async end(): Promise<void> {
    await this.#writing;
    this.#keepWaiting();
    await this.#writing;
    clearTimeout(this.#pause);
  }

  #isLarge({ value }: Checkpoint): boolean {
    return this.#store !== undefined && Buffer.byteLength(JSON.stringify(value)) > KEPT_FROM_BYTES;
  }

  #keepWaiting(): void {
    const checkpoint = this.#waiting;
    this.#waiting = undefined;
    if (checkpoint === undefined) return;
    if (this.#isLarge(checkpoint)) this.#writing = this.#write(checkpoint);
    else this.#hold(checkpoint);
  }

  async #write({ value, ...rest }: Checkpoint): Promise<void> {
    const text = Buffer.from(JSON.stringify(value));
    try {
      await this.#store?.writeEntry(this.#key, text);
      this.#hold({ value: storedValue({ sha256: this.#key, bytes: text.length }), ...rest });
    } catch (error) {
      this.#log.write(`[dagwright] The checkpoint could not be kept: ${messageOf(error)}`);
    }
    this.#writing = undefined;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#keepWaiting();
    }, WRITE_INTERVAL);
    // A small one that came meanwhile has no need to wait.
    if (this.#waiting !== undefined && !this.#isLarge(this.#waiting)) this.#keepWaiting();
  }

  #hold(checkpoint: Checkpoint): void {
    this.#latest = checkpoint;
    this.#changed();
  }
}

/**
 * The value that an earlier attempt left; undefined where it left none, or where the store does not have it any more, which
 * the log tells.
 * @param held as {@link CheckpointKeeper.latest} had it.
 */
export async function loadCheckpoint(
  held: Json | undefined,
  { store, log }: { readonly store: BlobStore | undefined; readonly log: TaskLog },
): Promise<Json | undefined> {
  const ref = storedRef(held);
  if (ref === undefined) return held;
  try {
    const text = await store?.readEntry(ref.sha256);
    if (text !== undefined) return JSON.parse(text.toString()) as Json;
    log.write('[dagwright] Begins anew: the checkpoint is not in the store of this worker.');
  } catch (error) {
    log.write(`[dagwright] Begins anew: the checkpoint could not be read: ${messageOf(error)}`);
  }
  return undefined;
}
