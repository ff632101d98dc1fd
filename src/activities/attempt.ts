import type { Json, JsonObject } from '../dag/json.js';
import { progressOf, type Progress } from '../dag/progress.js';
import type { TaskCall } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';
import type { BlobStore } from '../store/blob-store.js';
import type { AttemptGain } from './cache.js';
import { checkCheckpoint, type Checkpoint } from './checkpoint.js';
import { boundedFailure } from './failure.js';
import { gainOf } from './gain.js';
import {
  AttemptStop,
  TaskFailure,
  type Handlers,
  type StopCause,
  type TaskContext,
  type TaskLog,
  type TaskReport,
} from './handler.js';
import { maskedLog, type MaskedLog } from './masked-log.js';
import type { Masks } from './masks.js';
import { checkOutput, checkOutputSchema } from './output.js';
import { revealSecrets, type SecretSource } from './secrets.js';
import { Tail } from './tail.js';
import { SYSTEM_CLOCK, type Clock } from './timer.js';

/** Milliseconds that a handler has to stop once its signal is aborted; then it is left behind. */
export const STOP_GRACE = 10_000;

/** Of the log, in the error of an attempt that failed. */
const LOG_TAIL_BYTES = 2 * 1024;
const LOG_TAIL_LINES = 20;
/** How lines of the log begin that are not the task's. */
const OWN_LINE = '[dagwright] ';

/** What the executor that hosts an attempt gives it. */
export interface AttemptHost {
  /** Which attempt this is; the first is 1. */
  readonly attempt: number;
  /** Aborted, with an {@link AttemptStop}, when the attempt must stop. */
  readonly signal: AbortSignal;
  readonly log: TaskLog;
  /** Where the secrets come from that the task is handed. Default: there are none. */
  readonly secrets?: SecretSource;
  /** Where large outputs, artifacts and the cache are kept. Default: none are. */
  readonly store?: BlobStore;
  /** What its time limit, and the grace of one that must stop, go by. Default: the system's. */
  readonly clock?: Clock;
  /** Hears how far the attempt says it is, as often as it says so, and never after its end. */
  progress(progress: Progress): void;
  /** What an earlier attempt left. Default: what the call has. */
  readonly lastCheckpoint?: Json;
  /** Hears what the attempt leaves for one that follows, never after its end. Default: it is lost. */
  checkpoint?(checkpoint: Checkpoint): void;
}

/**
 * Runs one attempt of a task, the same way on every executor: within its `startToClose`, stopped by the host's signal,
 * its output checked; or takes what the cache has for it. Never waits for ever: a handler that ignores its signal is left behind after `stopGrace`
 * milliseconds (default {@link STOP_GRACE}).
 * @throws TaskFailure and nothing else, with a message of at most 2 KiB, and at most 8 KiB of details and causes; the
 *   details have the last lines that the task logged, as `log`, where they have no `stderr`: what the handler threw,
 *   else TASK_FAILED; TASK_TIMEOUT; TASK_CANCELLED; TASK_LOST where the worker shuts down; TASK_OUTPUT_INVALID;
 *   TASK_OUTPUT_TOO_LARGE; SECRET_MISSING; ARTIFACT_MISSING; STORE_FAILED. Neither it nor the log nor the report has a secret that the task was handed.
 */
export async function runAttempt(
  handlers: Handlers,
  call: TaskCall,
  host: AttemptHost,
  options: { readonly stopGrace?: number } = {},
): Promise<TaskReport> {
  const tail = new Tail(LOG_TAIL_BYTES, LOG_TAIL_LINES);
  const outlet = new Outlet(tailedLog(host.log, tail));
  try {
    const gain = await runUntilStopped(handlers, call, host, outlet, options.stopGrace ?? STOP_GRACE);
    await outlet.end();
    return { ...gain, attempt: host.attempt };
  } catch (thrown) {
    await outlet.end();
    const lines = tail.lines().filter((line) => !line.startsWith(OWN_LINE));
    const failure = boundedFailure(thrown, lines, outlet.masks);
    host.log.write(`${OWN_LINE}Attempt ${host.attempt} failed: ${failure.error.code}: ${failure.error.message}`);
    throw failure;
  }
}

/** Where what an attempt says goes out. Once its secrets are known, they are hidden. */
class Outlet {
  #log: TaskLog | MaskedLog;
  masks: Masks | undefined;

  constructor(log: TaskLog) {
    this.#log = log;
  }

  get log(): TaskLog {
    return this.#log;
  }

  hide(masks: Masks): void {
    this.masks = masks;
    this.#log = maskedLog(this.#log, masks);
  }

  /** Writes what was kept back. */
  async end(): Promise<void> {
    if ('end' in this.#log) await this.#log.end();
  }
}

async function runUntilStopped(
  handlers: Handlers,
  call: TaskCall,
  host: AttemptHost,
  outlet: Outlet,
  stopGrace: number,
): Promise<AttemptGain> {
  const stop = new AbortController();
  const { clock = SYSTEM_CLOCK } = host;
  const onHostAbort = (): void => stop.abort(stopOf(host.signal.reason));
  if (host.signal.aborted) onHostAbort();
  else host.signal.addEventListener('abort', onHostAbort, { once: true });
  const dropLimit = clock.startTimer(call.startToClose, () => stop.abort(new AttemptStop('timed_out')));
  const grace = graceAfter(stop.signal, stopGrace, clock);
  const reports = reporter(host, outlet);
  try {
    if (stop.signal.aborted) throw stopFailure(stop.signal, call, {});
    const made = async (loaded: TaskCall): Promise<Json | undefined> => {
      const ready = await reveal(loaded, host, outlet);
      // It may have been left behind while it waited for its secrets.
      stop.signal.throwIfAborted();
      const { log, masks } = outlet;
      const { report, checkpoint } = reports;
      const own = { signal: stop.signal, log, progress: report, checkpoint, ...(masks === undefined ? {} : { masks }) };
      const output = await runHandler(handlers, ready, contextOf(loaded, host, own));
      stop.signal.throwIfAborted();
      const checked = checkOutput(output);
      const shown = checked === undefined ? undefined : (outlet.masks?.json(checked) ?? checked);
      checkOutputSchema(call.output, shown);
      return shown;
    };
    const work = gainOf(call, { store: host.store, log: outlet.log, signal: stop.signal }, made);
    const gain = await Promise.race([work, grace.over]).catch((thrown: unknown) => {
      throw stop.signal.aborted ? stopFailure(stop.signal, call, detailsOf(thrown)) : thrown;
    });
    if (gain === undefined || stop.signal.aborted) throw stopFailure(stop.signal, call, {});
    return gain;
  } finally {
    reports.end();
    dropLimit();
    grace.drop();
    host.signal.removeEventListener('abort', onHostAbort);
  }
}

/** The call with its secrets in it, which are hidden from then on. */
async function reveal(call: TaskCall, host: AttemptHost, outlet: Outlet): Promise<TaskCall> {
  const revealed = await revealSecrets(call, host.secrets ?? (() => undefined));
  if (revealed !== undefined) outlet.hide(revealed.masks);
  return revealed?.call ?? call;
}

async function runHandler(handlers: Handlers, call: TaskCall, context: TaskContext): Promise<Json | undefined> {
  const handler = handlers.get(call.uses);
  if (handler === undefined) {
    const message = `This worker has no handler "${call.uses}".`;
    throw new TaskFailure({ code: 'TASK_INPUT_INVALID', message }, { retryable: false });
  }
  return handler.run(call, context);
}

function contextOf(
  call: TaskCall,
  { attempt, lastCheckpoint = call.checkpoint }: AttemptHost,
  own: Pick<TaskContext, 'signal' | 'log' | 'progress' | 'checkpoint' | 'masks'>,
): TaskContext {
  return {
    runId: call.runId,
    task: call.task,
    attempt,
    idempotencyKey: idempotencyKeyOf(call),
    ...(call.item === undefined ? {} : { item: call.item }),
    ...(call.index === undefined ? {} : { index: call.index }),
    params: call.params ?? {},
    needs: call.needs ?? {},
    ...(lastCheckpoint === undefined ? {} : { lastCheckpoint }),
    ...own,
  };
}

/** The same for every attempt. An item's task is called `convert[3]`: its key is that of `convert`, and the 3. */
function idempotencyKeyOf({ runId, task, index }: TaskCall): string {
  return index === undefined ? `${runId}/${task}` : `${runId}/${task.replace(/\[\d+\]/, '')}/${index}`;
}

/** Hands reports and checkpoints on, until the attempt has ended: a handler that was left behind may still make some. */
function reporter(
  host: AttemptHost,
  outlet: Outlet,
): { report: TaskContext['progress']; checkpoint: TaskContext['checkpoint']; end: () => void } {
  let ended = false;
  let fraction: number | undefined;
  return {
    report: (report, note) => {
      if (ended) return;
      try {
        const masked = note === undefined ? undefined : (outlet.masks?.text(String(note)) ?? note);
        const progress = progressOf(report, masked);
        fraction = progress.fraction ?? fraction;
        host.progress(progress);
      } catch {
        // A report that makes no sense must not fail the task.
      }
    },
    checkpoint: (given) => {
      const checked = checkCheckpoint(given);
      if (ended) return;
      const value = outlet.masks?.json(checked) ?? checked;
      host.checkpoint?.({ value, ...(fraction === undefined ? {} : { progress: fraction }) });
    },
    end: () => {
      ended = true;
    },
  };
}

/** The log, its end kept in `tail`. */
function tailedLog(log: TaskLog, tail: Tail): TaskLog {
  return {
    path: log.path,
    write: (line) => {
      tail.append(Buffer.from(`${line}\n`));
      log.write(line);
    },
    append: async (bytes) => {
      tail.append(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      await log.append(bytes);
    },
  };
}

/** Ends `over` once the signal has been aborted for `milliseconds`. */
function graceAfter(
  signal: AbortSignal,
  milliseconds: number,
  clock: Clock,
): { over: Promise<undefined>; drop: () => void } {
  let dropTimer = (): void => undefined;
  let onAbort = (): void => undefined;
  const over = new Promise<undefined>((resolve) => {
    onAbort = () => {
      dropTimer = clock.startTimer(milliseconds, () => resolve(undefined));
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return {
    over,
    drop: () => {
      signal.removeEventListener('abort', onAbort);
      dropTimer();
    },
  };
}

function stopOf(reason: unknown): AttemptStop {
  return reason instanceof AttemptStop ? reason : new AttemptStop('cancelled');
}

const STOP_ERRORS: Readonly<Record<StopCause, (call: TaskCall) => TaskError>> = {
  cancelled: () => ({ code: 'TASK_CANCELLED', message: 'The task was cancelled.' }),
  timed_out: (call) => ({
    code: 'TASK_TIMEOUT',
    message: `The attempt ran over its limit of ${call.startToClose} ms (startToClose).`,
    details: { timeout: 'startToClose', limit: call.startToClose },
  }),
  worker_shutdown: () => ({
    code: 'TASK_LOST',
    message: 'The worker shut down while the attempt ran.',
    details: { reason: 'worker_shutdown' },
  }),
};

/** @param left what the handler said of its end: the last lines of a command that was stopped are worth keeping. */
function stopFailure(signal: AbortSignal, call: TaskCall, left: JsonObject): TaskFailure {
  const { why } = stopOf(signal.reason);
  const error = STOP_ERRORS[why](call);
  return new TaskFailure({ ...error, details: { ...left, ...error.details } }, { retryable: why !== 'cancelled' });
}

function detailsOf(thrown: unknown): JsonObject {
  return thrown instanceof TaskFailure ? (thrown.error.details ?? {}) : {};
}
