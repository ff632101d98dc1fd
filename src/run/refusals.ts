import { DagwrightError } from '../dag/errors.js';

/** The errors that acts are refused with. */
export const refuse = {
  unknownTask(name: string, names: Iterable<string>): DagwrightError {
    const lower = name.toLowerCase();
    let near: string | undefined;
    for (const one of names) if (one.toLowerCase() === lower) near = one;
    return new DagwrightError('TASK_NOT_FOUND', `The run has no task "${name}".`, {
      hint: near === undefined ? 'See its tasks with `dagwright status`.' : `Did you mean "${near}"?`,
    });
  },
  invalid(message: string): DagwrightError {
    return new DagwrightError('ACT_INVALID', message);
  },
  state(message: string, hint?: string): DagwrightError {
    return new DagwrightError('ACT_REFUSED', message, hint === undefined ? {} : { hint });
  },
};

/** What a run does after its own tasks, when what belongs to those is refused. */
export const ENDING = { compensation: 'what undoes them', finally: 'what is done at the end' } as const;

/** `1 task`, `2 tasks`. */
export function amount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The first five by name, and how many more. */
export function listOf(names: readonly string[]): string {
  const more = names.length > 5 ? `, and ${names.length - 5} more` : '';
  return names.slice(0, 5).join(', ') + more;
}
