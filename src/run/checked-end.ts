import { isHandled, type Task } from '../dag/dag.js';
import type { TaskError } from '../dag/task-error.js';
import { violations } from '../json-schema/violations.js';
import type { EndedTask } from './ended-task.js';
import type { Polls } from './polls.js';
import type { RunExpressions } from './run-expressions.js';

/** How a task ended, after the run looked at it; `until`: its handler is asked again then, in milliseconds. */
export interface CheckedEnd {
  readonly end: EndedTask;
  readonly until?: number;
}

/** What a run makes of how a task ended: whether a poll goes on, whether the output is as it must be. */
export function checkedEnd(
  end: EndedTask,
  definition: Task,
  run: { readonly expressions: RunExpressions; readonly polls: Polls; readonly startedAt: number; readonly at: number },
): CheckedEnd {
  if (end.outcome !== 'succeeded') return { end: inTime(end, definition, run) };
  const { poll, output: schema } = definition;
  const { output, ...rest } = end;
  const failed = (error: TaskError): CheckedEnd => ({ end: { ...rest, outcome: 'failed', error } });
  if (poll !== undefined) {
    const polled = run.polls.polled(run.expressions, end.task, poll, { ...run, output });
    if ('error' in polled) return failed(polled.error);
    if ('until' in polled) return { end: rest, until: polled.until };
  }
  // A worker of ours has checked it already; a poll's, only now.
  const isChecked = isHandled(definition) && definition.uses !== 'activity' && poll === undefined;
  if (schema === undefined || isChecked) return { end };
  const broken = violations(schema, output ?? null);
  if (broken.length === 0) return { end };
  return failed({ code: 'TASK_OUTPUT_INVALID', message: `The output breaks its schema: ${broken.join('; ')}.` });
}

/** A handler that was cut off because its poll was over. */
function inTime(
  end: EndedTask,
  { poll }: Task,
  run: { readonly polls: Polls; readonly startedAt: number; readonly at: number },
): EndedTask {
  const isCutOff = end.error?.code === 'TASK_TIMEOUT' && poll?.timeout !== undefined;
  if (!isCutOff || run.at < run.polls.endOf(end.task, poll, run.startedAt)) return end;
  const message = `Within ${(poll.timeout ?? 0) / 1_000} s the handler did not give what \`until\` asks for.`;
  return { ...end, error: { code: 'POLL_TIMEOUT', message } };
}
