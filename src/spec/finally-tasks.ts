import { finding, valueAt, type Finding } from './issues.js';
import { movedTo } from './moved-finding.js';
import { quote } from './problem.js';
import { someTask } from './raw-entries.js';
import { isMapping, rawTasksOf } from './raw-task.js';

/** A dag file's value whose tasks of `finally` stand among the others, for what looks at the graph. */
export interface Joined {
  readonly value: unknown;
  /** What was found in it, at its place in the file. */
  place(found: Finding): Finding;
}

/** Puts the tasks of `finally` among the others. */
export function joinFinally(value: unknown): Joined {
  const tasks = valueAt(value, ['tasks']);
  const last = valueAt(value, ['finally']);
  if (!isMapping(tasks) || !isMapping(last)) return { value, place: (found) => found };
  return {
    value: { ...(value as object), tasks: { ...tasks, ...last, ...tasks } },
    place: (found) => {
      const [field, name, ...rest] = found.path;
      const moves =
        field === 'tasks' && typeof name === 'string' && Object.hasOwn(last, name) && !Object.hasOwn(tasks, name);
      return moves ? movedTo(found, ['finally', name, ...rest]) : found;
    },
  };
}

/** What is wrong between the tasks of `finally` and the others. */
export function checkFinallyTasks(value: unknown): Finding[] {
  if (valueAt(value, ['finally']) === undefined && !someTask(value, (task) => task['finally'] === true)) return [];
  const tasks = rawTasksOf(value);
  const last = new Set(tasks.filter((task) => task.isFinally).map(({ name }) => name));
  if (last.size === 0) return [];
  const ordinary = new Set(tasks.filter((task) => !task.isFinally).map(({ name }) => name));
  return tasks.flatMap(({ name, path, fields, isFinally }): Finding[] => {
    const findings: Finding[] = [];
    if (path[0] === 'finally' && ordinary.has(name)) {
      const text = `has the name of another task: ${quote(name)}.`;
      findings.push(finding(path, 'TASK_DUPLICATE', text, 'Rename one.', true));
    }
    const { needs } = fields;
    const list: unknown[] = Array.isArray(needs) ? needs : [needs];
    for (const [index, need] of list.entries()) {
      const other = typeof need === 'string' ? need : valueAt(need, ['task']);
      if (typeof other !== 'string') continue;
      const at = [...path, 'needs', ...(Array.isArray(needs) ? [index] : [])];
      if (isFinally && ordinary.has(other)) {
        const hint = 'Remove it: all other tasks have ended when those of `finally` start.';
        findings.push(finding(at, 'NEEDS_FINALLY', `names a task that is not in \`finally\`: ${quote(other)}.`, hint));
      } else if (!isFinally && last.has(other) && !ordinary.has(other)) {
        const hint = 'It starts when all others have ended. Move it, or this task.';
        findings.push(finding(at, 'NEEDS_FINALLY', `names a task of \`finally\`: ${quote(other)}.`, hint));
      }
    }
    return findings;
  });
}
