import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { runAttempt } from '../activities/attempt.js';
import type { FailureDetails, HeartbeatDetails } from '../activities/attempt-details.js';
import { CheckpointKeeper, loadCheckpoint } from '../activities/checkpoint-keeper.js';
import type { Checkpoint } from '../activities/checkpoint.js';
import { AttemptStop, TaskFailure, type Handlers, type TaskReport } from '../activities/handler.js';
import { folderLogStore } from '../activities/folder-log-store.js';
import type { LogStore } from '../activities/log-store.js';
import { afterFailure, waitAfter, type AfterFailure } from '../activities/retry-rules.js';
import type { SecretSource } from '../activities/secrets.js';
import { WORKER_IDENTITY } from '../activities/worker-identity.js';
import type { Progress } from '../dag/progress.js';
import type { TaskCall } from '../dag/task-call.js';
import { logAttempt } from '../observability/attempt-lines.js';
import type { Logger } from '../observability/logger.js';
import type { BlobStore } from '../store/blob-store.js';

/** Milliseconds between heartbeats. A cancelled task hears of it with the answer to one. */
export const HEARTBEAT_INTERVAL = 1_000;

/** Must not throw. */
type OnSuccess = (call: TaskCall, milliseconds: number) => void;

/** One Temporal activity for each handler, its type the handler's name. */
export function createActivities(
  handlers: Handlers,
  options: ({ readonly logs: LogStore } | { readonly logFolder: string }) & {
    /** Where a line for each attempt's begin and end goes. Default: nowhere. */
    readonly logger?: Logger;
    /** Where large outputs, artifacts and the cache are kept. Default: none are. */
    readonly store?: BlobStore;
    /** Where the secrets come from that tasks are handed. Default: there are none. */
    readonly secrets?: SecretSource;
    /** Hears of each attempt that did all of its task's work and succeeded, and how many milliseconds it took. */
    readonly onSuccess?: OnSuccess;
  },
): Record<string, (call: TaskCall) => Promise<TaskReport>> {
  const logs = 'logs' in options ? options.logs : folderLogStore(options.logFolder);
  return Object.fromEntries(
    [...handlers.keys()].map((name) => [name, (call: TaskCall) => runActivity(handlers, call, { ...options, logs })]),
  );
}

async function runActivity(
  handlers: Handlers,
  call: TaskCall,
  options: {
    readonly logs: LogStore;
    readonly logger?: Logger;
    readonly store?: BlobStore;
    readonly secrets?: SecretSource;
    readonly onSuccess?: OnSuccess;
  },
): Promise<TaskReport> {
  const { logs, logger, store, secrets } = options;
  const context = Context.current();
  const { attempt } = context.info;
  // What people count goes on over the starts of a task; Temporal begins anew with each.
  const inRun = attempt + (call.attemptsBefore ?? 0);
  const worker = workerOf(context);
  let progress: Progress | undefined;
  const stop = new AbortController();
  const onCancel = (): void => stop.abort(new AttemptStop(isShutdown(context) ? 'worker_shutdown' : 'cancelled'));
  if (context.cancellationSignal.aborted) onCancel();
  else context.cancellationSignal.addEventListener('abort', onCancel, { once: true });
  const log = logs.open({ runId: call.runId, task: call.task, attempt: inRun });
  const beat = (): void => context.heartbeat(heartbeatOf(attempt, progress, checkpoints.latest));
  // What an earlier attempt left must outlast this one, which may leave nothing itself.
  const before = checkpointIn(context.info.heartbeatDetails);
  const owner = { runId: call.runId, task: call.task, attempt: inRun };
  // At once: the worker may be killed before the next heartbeat. The SDK holds back what comes too often.
  const checkpoints = new CheckpointKeeper(owner, { store, log }, before, beat);
  const heartbeats = setInterval(beat, HEARTBEAT_INTERVAL);
  try {
    const { checkpoint: ofRun, ...rest } = call;
    const lastCheckpoint = await loadCheckpoint(before === undefined ? ofRun : before.value, { store, log });
    const work = async (): Promise<TaskReport> => {
      try {
        return await runAttempt(handlers, rest, {
          attempt: inRun,
          signal: stop.signal,
          log,
          progress: (report) => {
            progress = report;
          },
          checkpoint: (left) => checkpoints.take(left),
          ...(lastCheckpoint === undefined ? {} : { lastCheckpoint }),
          ...(store === undefined ? {} : { store }),
          ...(secrets === undefined ? {} : { secrets }),
        });
      } finally {
        await checkpoints.end();
      }
    };
    const began = performance.now();
    const report = await (logger === undefined ? work() : logAttempt(logger, call, inRun, work));
    const isWhole = report.cached === undefined && lastCheckpoint === undefined;
    if (isWhole) options.onSuccess?.(call, performance.now() - began);
    return { ...report, attempt, worker };
  } catch (failure) {
    throw temporalFailure(failure, call, { attempt, worker }, { stop: stop.signal, checkpoint: checkpoints.latest });
  } finally {
    clearInterval(heartbeats);
    await log.close();
  }
}

/** The identity that the worker polls with, and that the server shows of a running activity. */
function workerOf(context: Context): string {
  try {
    return context.client.options.identity;
  } catch {
    // A test environment without a connection has no client.
    return WORKER_IDENTITY;
  }
}

/** Whether the worker goes, and not the task: another worker shall run it. A paused or reset activity likewise. */
function isShutdown(context: Context): boolean {
  const details = context.cancellationDetails;
  return details !== undefined && (details.workerShutdown || details.paused || details.reset);
}

/** What the heartbeats of an earlier attempt say that it left. A foreign client may have put anything there. */
function checkpointIn(details: unknown): Checkpoint | undefined {
  const { checkpoint, kept } = (details ?? {}) as Partial<HeartbeatDetails>;
  if (checkpoint === undefined) return undefined;
  return { value: checkpoint, ...(typeof kept === 'number' ? { progress: kept } : {}) };
}

function heartbeatOf(
  attempt: number,
  progress: Progress | undefined,
  checkpoint: Checkpoint | undefined,
): HeartbeatDetails {
  return {
    attempt,
    ...(progress === undefined ? {} : { progress }),
    ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.value }),
    ...(checkpoint?.progress === undefined ? {} : { kept: checkpoint.progress }),
  };
}

const LOST: AfterFailure = { then: 'retry', delay: 1 };

/** Says it in Temporal's words: whether another attempt follows is decided here, by the kind of failure. */
function temporalFailure(
  failure: unknown,
  call: TaskCall,
  by: FailureDetails,
  { stop, checkpoint }: { readonly stop: AbortSignal; readonly checkpoint: Checkpoint | undefined },
): Error {
  if (!(failure instanceof TaskFailure)) throw failure;
  const { error } = failure;
  const why = stop.reason instanceof AttemptStop ? stop.reason.why : undefined;
  const { value, ...kept } = checkpoint ?? {};
  const left = value === undefined ? {} : { checkpoint: value, ...kept };
  if (why === 'cancelled') return new CancelledFailure(error.message, [{ ...by, ...left } satisfies FailureDetails]);
  const failed = by.attempt + (call.failedBefore ?? 0);
  // An attempt that went with its worker does not use up the task's own attempts.
  const next = why === 'worker_shutdown' ? LOST : afterFailure(call, failed, failure);
  const policy = call.retriedByRun === true && next !== LOST ? call.retry : undefined;
  const retryAfter = policy === undefined ? undefined : waitAfter(next, policy, failed);
  const isFinal = next.then !== 'retry' || retryAfter !== undefined;
  const details: FailureDetails = {
    error,
    ...by,
    ...(next.then === 'skip' ? { skip: true } : {}),
    ...(isFinal ? left : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  const delay = isFinal || next.then !== 'retry' ? undefined : next.delay;
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    details: [details],
    nonRetryable: isFinal,
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  });
}
