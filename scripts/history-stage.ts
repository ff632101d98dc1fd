import type { WorkflowHandle } from '@temporalio/client';
import type { Dag } from '../src/dag/dag.js';
import type { TaskState } from '../src/dag/task-state.js';
import type { ActAnswer, ActType } from '../src/run/act.js';
import { statusQuery, type RunInput } from '../src/workflows/messages.js';
import type { TaskDoubles } from '../test/support/task-doubles.js';
import type { TestTemporal } from '../test/support/temporal.js';

/** What a scenario may use. */
export interface Stage {
  readonly temporal: TestTemporal;
  readonly doubles: TaskDoubles;
  /** Starts the dag under the scenario's name. */
  start(dag: Dag, more?: Partial<RunInput>): Promise<WorkflowHandle>;
  /** The handle again, after the server came back. */
  again(): Promise<WorkflowHandle>;
}

/** A run of which the history is recorded. */
export type Scenario = (stage: Stage) => Promise<unknown>;

/** An act, as an operator's update: under an id that is the same each time. */
export async function act(run: WorkflowHandle, type: ActType, id: string, fields: object = {}): Promise<void> {
  const answer = await run.executeUpdate<ActAnswer, [object]>(type, {
    updateId: id,
    args: [{ ...fields, by: 'ada', id }],
  });
  if (!answer.changed) throw new Error(`${type} ${id} changed nothing: ${answer.message}`);
}

/** Waits until so many tasks are in the state. */
export async function counted(run: WorkflowHandle, state: TaskState, count: number): Promise<void> {
  while (((await run.query(statusQuery)).counts[state] ?? 0) !== count);
}

export const ended = async (run: WorkflowHandle): Promise<unknown> => run.result().catch(() => undefined);
