import type { ApprovalWith } from '../dag/control.js';
import type { Task } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import { isTaskEnd } from '../dag/task-state.js';
import { violations } from '../json-schema/violations.js';
import type { Act, ActRequest } from './act.js';
import type { Decision, DecisionFacts } from './decided.js';
import type { SentEvent } from './event-inbox.js';
import { listOf, refuse } from './refusals.js';

/** Who takes an event that was sent. */
export function decideEvent(run: DecisionFacts, sent: SentEvent, at: number): Decision {
  const { controls } = run;
  const takers = controls.takers(sent);
  if (takers.length > 0) {
    return {
      does: () => takers.map((task) => controls.taken(task, sent, at)),
      message: `Taken by ${listOf(takers.map((task) => run.dag.tasks[task]!.name))}.`,
    };
  }
  const waiting = run.dag.tasks.filter(({ uses, with: given }) => uses === 'event' && given['event'] === sent.event);
  if (waiting.length === 0) {
    const names = [
      ...new Set(run.dag.tasks.flatMap(({ uses, with: given }) => (uses === 'event' ? [given['event']] : []))),
    ];
    const hint = names.length === 0 ? 'None waits for any event.' : `Its tasks wait for ${names.join(', ')}.`;
    throw refuse.state(`No task of the run waits for the event ${sent.event}.`, hint);
  }
  const left = run.dag.tasks.flatMap((task, index) => (isLeft(run, task, index, sent.event) ? [index] : []));
  const problems = left.map((index) => {
    const { schema } = run.dag.tasks[index]!.with as { schema?: JsonObject };
    return schema === undefined ? [] : violations(schema, sent.payload);
  });
  if (left.length > 0 && problems.every((list) => list.length > 0)) {
    throw refuse.invalid(`The payload breaks the schema of the event ${sent.event}: ${problems[0]!.join('; ')}.`);
  }
  const open = left.filter((index) => !run.scheduler.tasks.is(index, 'waiting'));
  if (open.length === 0) {
    const why =
      left.length === 0 ? 'those that waited for such an event have ended' : 'those that wait want another one';
    return { message: `No task takes the event: ${why}.` };
  }
  if (!controls.inbox.hasRoom(sent)) {
    throw refuse.state('Too many events wait for tasks to take them.', 'Send it again once a task waits for it.');
  }
  return {
    does: () => {
      controls.inbox.keep(sent);
      return [];
    },
    message: `Kept for ${listOf(open.map((index) => run.dag.tasks[index]!.name))}: none waits for it yet.`,
  };
}

/** Whether the task waits for the event, or may do so later. */
function isLeft({ scheduler }: DecisionFacts, { uses, with: given }: Task, task: number, event: string): boolean {
  if (uses !== 'event' || given['event'] !== event || scheduler.itemsOf(task) !== undefined) return false;
  return !scheduler.tasks.hasEnded(task);
}

/** What a person's yes or no does. */
export function decideApproval(
  run: DecisionFacts,
  act: Extract<Act, { readonly type: 'approve' | 'reject' }>,
  { by }: ActRequest,
  at: number,
): Decision {
  const { dag, scheduler, controls } = run;
  const task = run.indexOf(act.task);
  if (task === undefined)
    throw refuse.unknownTask(
      act.task,
      dag.tasks.map(({ name }) => name),
    );
  const definition = dag.tasks[task]!;
  const { name } = definition;
  const state = scheduler.stateOf(task);
  if (definition.uses !== 'approval') throw refuse.state(`${name} waits for no approval.`);
  if (state !== 'waiting') {
    const how = isTaskEnd(state) ? `it is ${state} already` : `it is ${state}, and does not wait yet`;
    throw refuse.state(`There is nothing to decide on ${name}: ${how}.`);
  }
  const { approvers, form: schema } = definition.with as unknown as ApprovalWith;
  if (approvers !== undefined && (by === undefined || !approvers.includes(by))) {
    throw refuse.state(
      `Only ${listOf(approvers)} may decide on ${name}${by === undefined ? '' : `, not ${by}`}.`,
      'Say who you are with `--by`.',
    );
  }
  const who = by === undefined ? {} : { by };
  if (act.type === 'reject') {
    const why = act.reason === undefined ? {} : { reason: act.reason };
    return {
      does: () => [controls.decided(task, { decision: 'rejected', ...who, ...why }, at)],
      message: `${name} is rejected.`,
    };
  }
  const problems = schema === undefined ? [] : violations(schema, act.form ?? null);
  if (problems.length > 0) throw refuse.invalid(`The form of ${name} is not as it must be: ${problems.join('; ')}.`);
  const form = act.form === undefined ? {} : { form: act.form };
  return {
    does: () => [controls.decided(task, { decision: 'approved', ...who, ...form }, at)],
    message: `${name} is approved.`,
  };
}
