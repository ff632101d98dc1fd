import type { Json, JsonObject } from '../dag/json.js';
import type { TaskError } from '../dag/task-error.js';
import type { TaskCall } from '../dag/task-call.js';
import {
  AttemptStop,
  TaskFailure,
  type Handlers,
  type StopCause,
  type TaskContext,
  type TaskLog,
  type TaskReport,
} from './handler.js';
import { checkOutput } from './output.js';
import { startTimer } from './timer.js';

/** Milliseconds that a handler has to stop once its signal is aborted; then it is left behind. */
export const STOP_GRACE = 10_000;

const MAXIMUM_MESSAGE_BYTES = 2 * 1024;
const MAXIMUM_DETAILS_BYTES = 8 * 1024;

/** What the executor that hosts an attempt gives it. */
export interface AttemptHost {
  /** Which attempt this is; the first is 1. */
  readonly attempt: number;
  /** Aborted, with an {@link AttemptStop}, when the attempt must stop. */
  readonly signal: AbortSignal;
  readonly log: TaskLog;
}

/**
 * Runs one attempt of a task, the same way on every executor: within its `startToClose`, stopped by the host's signal,
 * its output checked. Never waits for ever: a handler that ignores its signal is left behind after `stopGrace`
 * milliseconds (default {@link STOP_GRACE}).
 * @throws TaskFailure and nothing else, with a message of at most 2 KiB and details of at most 8 KiB:
 *   what the handler threw, else TASK_FAILED; TASK_TIMEOUT; TASK_CANCELLED; TASK_LOST where the worker shuts down;
 *   TASK_OUTPUT_INVALID; TASK_OUTPUT_TOO_LARGE.
 */
export async function runAttempt(
  handlers: Handlers,
  call: TaskCall,
  host: AttemptHost,
  options: { readonly stopGrace?: number } = {},
): Promise<TaskReport> {
  try {
    const output = await runUntilStopped(handlers, call, host, options.stopGrace ?? STOP_GRACE);
    return output === undefined ? { attempt: host.attempt } : { output, attempt: host.attempt };
  } catch (thrown) {
    const failure = boundedFailure(thrown);
    host.log.write(`[dagwright] Attempt ${host.attempt} failed: ${failure.error.code}: ${failure.error.message}`);
    throw failure;
  }
}

async function runUntilStopped(
  handlers: Handlers,
  call: TaskCall,
  host: AttemptHost,
  stopGrace: number,
): Promise<Json | undefined> {
  const stop = new AbortController();
  const onHostAbort = (): void => stop.abort(stopOf(host.signal.reason));
  if (host.signal.aborted) onHostAbort();
  else host.signal.addEventListener('abort', onHostAbort, { once: true });
  const dropLimit = startTimer(call.startToClose, () => stop.abort(new AttemptStop('timed_out')));
  const grace = graceAfter(stop.signal, stopGrace);
  try {
    if (stop.signal.aborted) throw stopFailure(stop.signal, call, {});
    const work = runHandler(handlers, call, contextOf(call, host, stop.signal));
    const output = await Promise.race([work, grace.over]).catch((thrown: unknown) => {
      throw stop.signal.aborted ? stopFailure(stop.signal, call, detailsOf(thrown)) : thrown;
    });
    if (stop.signal.aborted) throw stopFailure(stop.signal, call, {});
    return checkOutput(output);
  } finally {
    dropLimit();
    grace.drop();
    host.signal.removeEventListener('abort', onHostAbort);
  }
}

async function runHandler(handlers: Handlers, call: TaskCall, context: TaskContext): Promise<Json | undefined> {
  const handler = handlers.get(call.uses);
  if (handler === undefined) {
    const message = `This worker has no handler "${call.uses}".`;
    throw new TaskFailure({ code: 'TASK_INPUT_INVALID', message }, { retryable: false });
  }
  return handler.run(call, context);
}

function contextOf(call: TaskCall, host: AttemptHost, signal: AbortSignal): TaskContext {
  return {
    runId: call.runId,
    task: call.task,
    attempt: host.attempt,
    idempotencyKey: `${call.runId}/${call.task}`,
    signal,
    params: call.params ?? {},
    needs: call.needs ?? {},
    log: host.log,
    progress: () => undefined,
  };
}

/** Ends `over` once the signal has been aborted for `milliseconds`. */
function graceAfter(signal: AbortSignal, milliseconds: number): { over: Promise<undefined>; drop: () => void } {
  let dropTimer = (): void => undefined;
  let onAbort = (): void => undefined;
  const over = new Promise<undefined>((resolve) => {
    onAbort = () => {
      dropTimer = startTimer(milliseconds, () => resolve(undefined));
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

function boundedFailure(thrown: unknown): TaskFailure {
  const failure =
    thrown instanceof TaskFailure
      ? thrown
      : new TaskFailure({ code: 'TASK_FAILED', message: messageOf(thrown) }, { cause: thrown });
  const { code, message, details } = failure.error;
  const kept = details === undefined ? undefined : boundedDetails(details);
  return new TaskFailure(
    {
      code: String(code).slice(0, 200),
      message: boundedText(String(message), MAXIMUM_MESSAGE_BYTES),
      ...(kept === undefined || Object.keys(kept).length === 0 ? {} : { details: kept }),
    },
    {
      retryable: failure.retryable,
      cause: failure.cause,
      ...(failure.nextRetryDelay === undefined ? {} : { nextRetryDelay: failure.nextRetryDelay }),
    },
  );
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  try {
    return String(thrown);
  } catch {
    return 'Something was thrown that has no text.';
  }
}

/** The entries that fit, in their order; `truncated` says that some did not. A function's own details may be no JSON. */
function boundedDetails(details: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  let left = MAXIMUM_DETAILS_BYTES - 32;
  for (const [key, value] of Object.entries(details)) {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch {
      text = undefined;
    }
    const size = Buffer.byteLength(key) + Buffer.byteLength(text ?? '') + 8;
    if (text === undefined || size > left) {
      kept['truncated'] = true;
      continue;
    }
    left -= size;
    kept[key] = JSON.parse(text) as Json;
  }
  return kept;
}

function boundedText(text: string, maximumBytes: number): string {
  if (Buffer.byteLength(text) <= maximumBytes) return text;
  const cut = Buffer.from(text.slice(0, maximumBytes)).subarray(0, maximumBytes - 3);
  return `${cut.toString().replace(/\uFFFD+$/, '')}...`;
}
