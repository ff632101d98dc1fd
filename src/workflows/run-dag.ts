import { ApplicationFailure, CancellationScope, CancelledFailure, setHandler, upsertMemo } from '@temporalio/workflow';
import type { RunEndState, RunResult } from '../dag/run.js';
import { Interpreter } from './interpreter.js';
import {
  cancelSignal,
  pauseSignal,
  RESULT_MEMO,
  resumeSignal,
  RUN_FAILURES,
  RUN_WORKFLOW,
  statusQuery,
  taskEndsIn,
  tasksEndedSignal,
  type RunInput,
} from './messages.js';

/**
 * The interpreter: runs any dag. It completes where the run succeeded, is cancelled where Temporal's own request asked
 * for it, and fails otherwise; the result of every task is in the workflow's result, memo or failure details.
 */
export async function runDag(input: RunInput): Promise<RunResult> {
  const interpreter = interpreterOf(input);
  let requested = false;
  setHandler(statusQuery, () => interpreter.status());
  setHandler(tasksEndedSignal, (ends) => interpreter.childReported(taskEndsIn(ends)));
  setHandler(pauseSignal, (options) => {
    const mode = options?.mode === 'interrupt' ? 'interrupt' : 'drain';
    interpreter.post({ type: 'operator.paused', at: Date.now(), mode });
  });
  setHandler(resumeSignal, () => interpreter.post({ type: 'operator.resumed', at: Date.now() }));
  setHandler(cancelSignal, () => interpreter.post({ type: 'operator.cancelled', at: Date.now() }));
  CancellationScope.current().cancelRequested.catch(() => {
    requested = true;
    interpreter.post({ type: 'operator.cancelled', at: Date.now() });
  });

  // The scheduler decides what a cancellation stops, so nothing below is cancelled by the request itself.
  const result = await CancellationScope.nonCancellable(() => interpreter.run());
  if (result.status === 'succeeded') return result;
  if (result.status === 'cancelled' && requested) {
    upsertMemo({ [RESULT_MEMO]: result });
    throw new CancelledFailure('The run was cancelled.');
  }
  throw ApplicationFailure.nonRetryable(sentenceOf(result), RUN_FAILURES[result.status], result);
}

/** A workflow started by hand may have any input: it fails, rather than to try for ever. */
function interpreterOf(input: RunInput | undefined | null): Interpreter {
  try {
    return new Interpreter(input as RunInput);
  } catch (cause) {
    // A run that has got on is never given up: a worker of another version may go on with it.
    if (input?.carried !== undefined) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw ApplicationFailure.nonRetryable(`The input of ${RUN_WORKFLOW} is no checked dag: ${reason}`, 'DAG_INVALID');
  }
}

const SENTENCES: Record<Exclude<RunEndState, 'succeeded' | 'failed'>, string> = {
  cancelled: 'The run was cancelled.',
  timed_out: 'The run took longer than its timeout.',
};

/** What Temporal's Web UI shows of the end: the failed tasks by name, the first ones with their errors. */
function sentenceOf(result: RunResult): string {
  if (result.status !== 'failed') return result.status === 'succeeded' ? '' : SENTENCES[result.status];
  const failed = Object.entries(result.tasks).filter(([, task]) => task.status === 'failed');
  const shown = failed
    .slice(0, 5)
    .map(([name, task]) => `${name} (${task.error?.message.slice(0, 200) ?? 'no error'})`);
  const more = failed.length > shown.length ? `, and ${failed.length - shown.length} more` : '';
  return `Failed: ${shown.join(', ')}${more}.`;
}
