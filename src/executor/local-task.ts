import { runAttempt } from '../activities/attempt.js';
import type { Checkpoint } from '../activities/checkpoint.js';
import type { RetryPolicy } from '../dag/dag.js';
import type { ArtifactRef } from '../dag/artifact.js';
import type { CacheHit, TaskCall } from '../dag/task-call.js';
import { AttemptStop, TaskFailure, type Handlers, type TaskReport } from '../activities/handler.js';
import { folderLogStore } from '../activities/folder-log-store.js';
import type { LogStore } from '../activities/log-store.js';
import { afterFailure, waitAfter } from '../activities/retry-rules.js';
import type { SecretSource } from '../activities/secrets.js';
import { SYSTEM_CLOCK, type Clock } from '../activities/timer.js';
import { WORKER_IDENTITY } from '../activities/worker-identity.js';
import type { Json } from '../dag/json.js';
import type { Progress } from '../dag/progress.js';
import type { TaskOutcome } from '../dag/event.js';
import type { BlobStore } from '../store/blob-store.js';
import type { TaskError } from '../dag/task-error.js';

/** How a started task ended, all attempts together. */
export interface LocalTaskEnd {
  readonly outcome: TaskOutcome;
  readonly attempts: number;
  readonly output?: Json;
  readonly error?: TaskError;
  /** Who ran it: `process@machine`. */
  readonly worker?: string;
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  readonly cached?: CacheHit;
  /** What its attempts left last, where it was cancelled or failed. */
  readonly checkpoint?: Json;
  /** How much of the work that checkpoint has, from 0 to 1, where the attempt said so. */
  readonly progress?: number;
  /** It failed, and is to start again after so many milliseconds: the run retries it. */
  readonly retryAfter?: number;
}

/** What happens between a task's start and its end. The number of the first attempt is 1. */
export interface LocalTaskEvents {
  readonly attemptBegan: (attempt: number) => void;
  /** The attempt failed, and another one will follow. */
  readonly attemptFailed: (attempt: number, error: TaskError) => void;
  /** The attempt that runs says how far it is; often, where it says so often. */
  readonly progressed?: (progress: Progress) => void;
}

/** Where and within what limits a task's attempts run. */
export interface LocalTaskHost {
  readonly handlers: Handlers;
  /** Where the attempts' logs go. Default: a store in `logFolder`. */
  readonly logs?: LogStore;
  readonly logFolder: string;
  /** Where the secrets come from that the task is handed. Default: there are none. */
  readonly secrets?: SecretSource;
  /** Where large outputs, artifacts and the cache are kept. Default: none are. */
  readonly store?: BlobStore;
  /** What waits and time limits go by. Default: the system's. */
  readonly clock?: Clock;
  readonly retry: RetryPolicy;
  /** Milliseconds that all attempts together may take, the waits between them included. */
  readonly scheduleToClose: number | undefined;
}

/** One started task: its attempts, one after the other, by the rule that Temporal's server follows. */
export class LocalTask {
  readonly #call: TaskCall;
  readonly #host: LocalTaskHost;
  readonly #events: LocalTaskEvents;
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  #checkpoint: Checkpoint | undefined;

  constructor(call: TaskCall, host: LocalTaskHost, events: LocalTaskEvents) {
    this.#call = call;
    this.#host = host;
    this.#clock = host.clock ?? SYSTEM_CLOCK;
    this.#events = events;
  }

  /** Stops the attempt that runs, or the wait for the next one. */
  cancel(): void {
    this.#stop.abort(new AttemptStop('cancelled'));
  }

  /** Runs the task to its end. Throws only where something is broken here. */
  async run(): Promise<LocalTaskEnd> {
    const end = await this.#attempts();
    const { value, ...kept } = this.#checkpoint ?? {};
    const goesOn = value !== undefined && (end.outcome === 'failed' || end.outcome === 'cancelled');
    return { ...end, worker: WORKER_IDENTITY, ...(goesOn ? { checkpoint: value, ...kept } : {}) };
  }

  async #attempts(): Promise<LocalTaskEnd> {
    const limit = this.#host.scheduleToClose;
    const began = this.#clock.now();
    const dropLimit =
      limit === undefined
        ? undefined
        : this.#clock.startTimer(limit, () => this.#stop.abort(new AttemptStop('timed_out')));
    try {
      for (let attempt = 1; ; attempt++) {
        this.#events.attemptBegan(attempt);
        const end = await this.#attempt(attempt);
        if (!(end instanceof TaskFailure)) return end;
        if (this.#stop.signal.aborted) return this.#stopped(attempt, end.error);
        const failed = attempt + (this.#call.failedBefore ?? 0);
        const next = afterFailure(this.#call, failed, end);
        if (next.then === 'skip') return { outcome: 'skipped', attempts: attempt, error: end.error };
        const delay = waitAfter(next, this.#host.retry, failed);
        // Temporal starts no wait that the limit would end.
        const inTime = delay !== undefined && (limit === undefined || this.#clock.now() - began + delay < limit);
        if (!inTime) return { outcome: 'failed', attempts: attempt, error: end.error };
        if (this.#call.retriedByRun === true) {
          return { outcome: 'failed', attempts: attempt, error: end.error, retryAfter: delay };
        }
        this.#events.attemptFailed(attempt, end.error);
        await this.#wait(delay);
        if (this.#stop.signal.aborted) return this.#stopped(attempt, end.error);
      }
    } finally {
      dropLimit?.();
    }
  }

  async #attempt(attempt: number): Promise<LocalTaskEnd | TaskFailure> {
    const { handlers, logFolder, logs = folderLogStore(logFolder) } = this.#host;
    const inRun = attempt + (this.#call.attemptsBefore ?? 0);
    const log = logs.open({ runId: this.#call.runId, task: this.#call.task, attempt: inRun });
    try {
      const progress = (progress: Progress): void => this.#events.progressed?.(progress);
      const { secrets, store } = this.#host;
      const report = await runAttempt(handlers, this.#call, {
        attempt: inRun,
        signal: this.#stop.signal,
        log,
        progress,
        checkpoint: (checkpoint) => {
          this.#checkpoint = checkpoint;
        },
        ...(this.#checkpoint === undefined ? {} : { lastCheckpoint: this.#checkpoint.value }),
        clock: this.#clock,
        ...(secrets === undefined ? {} : { secrets }),
        ...(store === undefined ? {} : { store }),
      });
      return { outcome: 'succeeded', attempts: attempt, ...givenIn(report) };
    } catch (failure) {
      if (failure instanceof TaskFailure) return failure;
      throw failure;
    } finally {
      await log.close();
    }
  }

  #wait(delay: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = (): void => {
        dropTimer();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const dropTimer = this.#clock.startTimer(delay, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #stopped(attempts: number, last: TaskError): LocalTaskEnd {
    const reason: unknown = this.#stop.signal.reason;
    if (!(reason instanceof AttemptStop) || reason.why !== 'timed_out') return { outcome: 'cancelled', attempts };
    const limit = this.#host.scheduleToClose ?? 0;
    const message = `All attempts together took over ${limit / 1_000} s.`;
    const details = { ...last.details, timeout: 'scheduleToClose', limit };
    return { outcome: 'failed', attempts, error: { code: 'TASK_TIMEOUT', message, details } };
  }
}

/** What a report says beside who made it. */
function givenIn({ output, artifacts, cached }: TaskReport): Pick<LocalTaskEnd, 'output' | 'artifacts' | 'cached'> {
  return {
    ...(output === undefined ? {} : { output }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(cached === undefined ? {} : { cached }),
  };
}
