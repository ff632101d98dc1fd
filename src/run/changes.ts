import type { Instruction } from '../dag/instruction.js';
import { TASK_STATES } from '../dag/task-state.js';
import type { ActAnswer } from './act.js';

/** Tasks that an answer names. */
const NAMED_TASKS = 100;

/**
 * Which tasks came to another state by an event, each once however often it moved.
 * @param moves as in `TaskTable.moves`.
 */
export function changesIn(
  moves: readonly number[],
  nameOf: (task: number) => string,
): Pick<ActAnswer, 'tasks' | 'tasksChanged'> {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (let i = 0; i + 2 < moves.length; i += 3) {
    const task = moves[i]!;
    if (!first.has(task)) first.set(task, moves[i + 1]!);
    last.set(task, moves[i + 2]!);
  }
  const changed = [...first].filter(([task, from]) => last.get(task) !== from);
  const tasks = changed.slice(0, NAMED_TASKS).map(([task, from]) => {
    return { name: nameOf(task), from: TASK_STATES[from]!, to: TASK_STATES[last.get(task)!]! };
  });
  return { tasks, tasksChanged: changed.length };
}

/** A retry that sets back what runs by the failure says so: people may wait for it. */
export function alsoStopped(instructions: readonly Pick<Instruction, 'type'>[]): string {
  const count = instructions.filter(({ type }) => type === 'task.cancel').length;
  if (count === 0) return '';
  return ` ${count} running task${count === 1 ? ' that needs it is' : 's that need it are'} told to stop, to run again later.`;
}
