import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  log,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { DagwrightError } from '../dag/errors.js';
import { readAct } from '../run/read-act.js';
import type { RunEndState } from '../dag/run-state.js';
import type { RunResult } from '../run/run.js';
import { groupsChangedSignal } from './group-messages.js';
import { leasesGrantedSignal } from './pool-messages.js';
import { describePage } from './description-page.js';
import { Interpreter } from './interpreter.js';
import {
  actSignals,
  actUpdates,
  dagQuery,
  describeQuery,
  explainQuery,
  historyQuery,
  RESULT_MEMO,
  RUN_FAILURES,
  RUN_WORKFLOW,
  statusQuery,
  type ActInput,
  type RefusedAct,
  taskEndsIn,
  tasksEndedSignal,
  type RunInput,
} from './messages.js';
import { Parent } from './parent.js';

/** Milliseconds that a request to cancel may come after the act that announced it. */
const REQUEST_GRACE = 10_000;

/**
 * The interpreter: runs any dag. It completes where the run succeeded, is cancelled where Temporal's own request asked
 * for it, and fails otherwise; the result of every task is in the workflow's result, memo or failure details.
 */
export async function runDag(input: RunInput): Promise<RunResult> {
  const interpreter = interpreterOf(input);
  const parent = parentOf(input);
  let requested = false;
  answerQueries(interpreter);
  setHandler(tasksEndedSignal, (ends) => interpreter.childReported(taskEndsIn(ends)));
  setHandler(leasesGrantedSignal, (message) => interpreter.shared.leasesGranted(message));
  setHandler(groupsChangedSignal, (message) => interpreter.shared.groupsChanged(message));
  takeActs(interpreter);
  CancellationScope.current().cancelRequested.catch(() => {
    requested = true;
    interpreter.postAct({ type: 'cancel', requestFollows: true }, {});
  });

  // The scheduler decides what a cancellation stops, so nothing below is cancelled by the request itself.
  const result = await CancellationScope.nonCancellable(async () => {
    parent?.watch((gone) => interpreter.postAct({ type: 'cancel', reason: `The run ${gone} has gone.` }, {}));
    const ended = await interpreter.run();
    // A workflow closes as cancelled only where Temporal's own request asked for it.
    const mayFollow = ended.status === 'cancelled' && interpreter.requestFollows && !requested;
    if (mayFollow) await condition(() => requested, REQUEST_GRACE);
    await parent?.tell(ended);
    return ended;
  });
  if (result.status === 'succeeded') return result;
  if (result.status === 'cancelled' && requested) {
    upsertMemo({ [RESULT_MEMO]: result });
    throw new CancelledFailure('The run was cancelled.');
  }
  throw ApplicationFailure.nonRetryable(sentenceOf(result), RUN_FAILURES[result.status], result);
}

function answerQueries(interpreter: Interpreter): void {
  const run = interpreter.live;
  setHandler(statusQuery, () => run.describe());
  setHandler(describeQuery, (range) => describePage(run, range?.from, interpreter.children()));
  setHandler(historyQuery, () => run.history());
  setHandler(dagQuery, () => run.definition);
  setHandler(explainQuery, (task) => {
    try {
      return run.explain(String(task));
    } catch (error) {
      return { error: refusalIn(error) };
    }
  });
}

/** Acts come as updates, which are answered; some of them as plain signals, too. */
function takeActs(interpreter: Interpreter): void {
  for (const [type, update] of actUpdates) {
    const read = (input: ActInput | undefined): ReturnType<typeof readAct> => readAct(type, input);
    setHandler(
      update,
      (input?: ActInput) =>
        orRefuse(() => {
          const { act, request } = read(input);
          return interpreter.act(act, request);
        }),
      {
        validator: (input?: ActInput) =>
          orRefuse(() => {
            const { act, request } = read(input);
            interpreter.checkAct(act, request);
          }),
      },
    );
  }
  for (const [type, signal] of actSignals) {
    setHandler(signal, (input?: ActInput) => {
      try {
        const { act, request } = readAct(type, input);
        interpreter.postAct(act, request);
      } catch (error) {
        log.info(`The signal ${type} was refused: ${refusalIn(error).message}`);
      }
    });
  }
}

/** @throws ApplicationFailure with the code as its type. */
function orRefuse<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code, message, hint } = refusalIn(error);
    throw ApplicationFailure.create({
      type: code,
      message,
      nonRetryable: true,
      details: hint === undefined ? [] : [{ hint }],
    });
  }
}

/** @throws what was thrown, where it is no refusal but a bug. */
function refusalIn(error: unknown): RefusedAct {
  if (!(error instanceof DagwrightError)) throw error;
  const { code, message, hint } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function parentOf({ parent, probeInterval }: RunInput): Parent | undefined {
  return parent === undefined ? undefined : new Parent(workflowInfo().workflowId, parent, probeInterval);
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
