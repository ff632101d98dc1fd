import { retryOf, timeoutsOf, type Dag } from '../dag/dag.js';
import { buildGraph, findCycles } from '../dag/graph.js';
import { formatDuration } from '../dag/duration.js';
import { finding, valueAt, type Finding } from './issues.js';
import { LIMITS } from './limits.js';
import { didYouMean } from './near-name.js';
import { quote } from './problem.js';
import type { Path } from './source.js';

/** A task as far as the graph goes, however wrong the rest of it may be. */
interface RawTask {
  readonly name: string;
  readonly path: Path;
  readonly needs: readonly { readonly task: string; readonly path: Path }[];
}

/** The tasks of a value that may be a dag: a mapping as in a file, or a list as in the canonical dag. */
function rawTasks(value: unknown): RawTask[] {
  const tasks = valueAt(value, ['tasks']);
  if (typeof tasks !== 'object' || tasks === null) return [];
  if (!Array.isArray(tasks)) {
    return Object.entries(tasks).map(([name, task]) => rawTask(name, ['tasks', name], task));
  }
  return tasks.flatMap((task: unknown, index) => {
    const name = valueAt(task, ['name']);
    return typeof name === 'string' ? [rawTask(name, ['tasks', index], task)] : [];
  });
}

function rawTask(name: string, path: Path, task: unknown): RawTask {
  return rawNeeds(name, path, valueAt(task, ['needs']), [...path, 'needs']);
}

/** The tasks of the running dag that shall need more, in a value that adds tasks to it. */
function rawOthers(value: unknown): RawTask[] {
  const needs = valueAt(value, ['needs']);
  if (typeof needs !== 'object' || needs === null || Array.isArray(needs)) return [];
  return Object.entries(needs).map(([name, more]) => rawNeeds(name, ['needs', name], more, ['needs', name]));
}

function rawNeeds(name: string, path: Path, needs: unknown, place: Path): RawTask {
  const list: unknown[] = Array.isArray(needs) ? needs : [needs];
  return {
    name,
    path,
    needs: list.flatMap((need, index) => {
      const target = typeof need === 'string' ? need : valueAt(need, ['task']);
      if (typeof target !== 'string') return [];
      const at = Array.isArray(needs) ? [...place, index] : place;
      return [{ task: target, path: typeof need === 'string' ? at : [...at, 'task'] }];
    }),
  };
}

/** What is absurd about a value before anything else looks at it. */
export function checkSize(value: unknown): Finding[] {
  const tasks = valueAt(value, ['tasks']);
  if (typeof tasks !== 'object' || tasks === null) return [];
  const count = Array.isArray(tasks) ? tasks.length : Object.keys(tasks).length;
  if (count <= LIMITS.tasks) return [];
  const text = `has ${count.toLocaleString('en')} tasks; ${LIMITS.tasks.toLocaleString('en')} is the most.`;
  return [{ ...finding([], 'TOO_MANY_TASKS', text, 'Split the dag into several.'), path: ['tasks'], key: true }];
}

/**
 * What is wrong between tasks: an empty dag, unknown, double and circular needs.
 * @param options.mayNeedOthers The tasks are to be added to a running dag, and may need those that it has.
 */
export function checkGraph(value: unknown, { mayNeedOthers = false } = {}): Finding[] {
  const tasks = rawTasks(value);
  const given = valueAt(value, ['tasks']);
  if (typeof given === 'object' && given !== null && Object.keys(given).length === 0) {
    const empty = finding([], 'DAG_EMPTY', 'has no tasks.', 'Add a task under `tasks:`.');
    return [{ ...empty, path: ['tasks'], key: true }];
  }
  const findings: Finding[] = [];
  const indexes = new Map<string, number>();
  for (const [index, task] of tasks.entries()) {
    if (indexes.has(task.name)) {
      findings.push(
        finding(task.path, 'TASK_DUPLICATE', `has the name of another task: ${quote(task.name)}.`, 'Rename one.'),
      );
    } else indexes.set(task.name, index);
  }
  if (mayNeedOthers) {
    for (const other of rawOthers(value)) {
      if (!indexes.has(other.name)) indexes.set(other.name, tasks.push(other) - 1);
    }
  }
  const from: number[] = [];
  const to: number[] = [];
  const places = new Map<string, Path>();
  let suggestions = 0;
  for (const [index, task] of tasks.entries()) {
    const seen = new Set<string>();
    for (const need of task.needs) {
      const needed = indexes.get(need.task);
      const isRepeated = seen.has(need.task);
      seen.add(need.task);
      if (isRepeated) {
        findings.push(finding(need.path, 'NEEDS_DUPLICATE', `names ${quote(need.task)} a second time.`, 'Remove it.'));
      } else if (need.task === task.name) {
        findings.push(
          finding(need.path, 'NEEDS_SELF', `is the task itself.`, 'Remove it: a task cannot wait for itself.'),
        );
      } else if (needed === undefined) {
        if (mayNeedOthers) continue;
        // Comparing with every name is slow in a large dag, so only the first few get a suggestion there.
        suggestions += tasks.length;
        const hint = suggestions <= 2_000_000 ? didYouMean(need.task, indexes.keys()) : undefined;
        const text = `names a task that is not in the dag: ${quote(need.task)}.`;
        findings.push(finding(need.path, 'NEEDS_UNKNOWN', text, hint ?? 'Add that task, or remove the name.'));
      } else {
        from.push(needed);
        to.push(index);
        places.set(`${index} ${needed}`, need.path);
      }
    }
  }
  if (from.length > LIMITS.dependencies) {
    const text = `has over ${LIMITS.dependencies.toLocaleString('en')} dependencies.`;
    return [
      ...findings,
      { ...finding([], 'TOO_LARGE', text, 'Put one task between the two groups.'), path: ['tasks'] },
    ];
  }
  for (const cycle of findCycles(buildGraph(tasks.length, from, to))) {
    const names = [...cycle, ...cycle.slice(0, 1)].map((index) => tasks[index]?.name ?? '');
    const path = places.get(`${cycle[0]} ${cycle[1]}`) ?? tasks[cycle[0] ?? 0]?.path ?? [];
    const hint = 'Each needs the next. Remove one of these dependencies.';
    findings.push({
      path,
      problem: {
        code: 'CYCLE',
        severity: 'error',
        message: `Tasks need each other in a circle: ${names.join(' -> ')}.`,
        hint,
      },
    });
  }
  return findings;
}

/** What is wrong, or odd, in the numbers of a dag whose fields are right. `pathOf` gives a task's path. */
export function checkLimits(dag: Dag, pathOf: (index: number) => Path): Finding[] {
  const findings: Finding[] = [];
  const whole = { ...dag, tasks: [] };
  const none = { name: '', uses: 'shell', with: {}, needs: [] } as const;
  const defaults = checkLimit(whole, none, ['defaults'], dag.defaults);
  findings.push(...defaults);
  for (const [index, task] of dag.tasks.entries()) {
    if (task.retry === undefined && task.timeout === undefined) continue;
    findings.push(...checkLimit(dag, task, pathOf(index), task));
  }
  return findings;
}

function checkLimit(dag: Dag, task: Dag['tasks'][number], path: Path, own: Dag['defaults']): Finding[] {
  const findings: Finding[] = [];
  const retry = retryOf(dag, task);
  if (own?.retry !== undefined && retry.maximumInterval < retry.initialInterval) {
    const field = own.retry.maximumInterval === undefined ? 'initialInterval' : 'maximumInterval';
    const text = `leaves the longest interval (${formatDuration(retry.maximumInterval)}) shorter than the first (${formatDuration(retry.initialInterval)}).`;
    const hint = `Write \`maximumInterval: ${formatDuration(retry.initialInterval)}\` or more.`;
    findings.push(finding([...path, 'retry', field], 'RETRY_INVALID', text, hint));
  }
  const limits = timeoutsOf(dag, task);
  const warn = (field: string, text: string, hint: string): void => {
    const { problem, ...at } = finding([...path, 'timeout', field], 'TIMEOUT_UNUSUAL', text, hint);
    findings.push({ ...at, problem: { ...problem, severity: 'warning' } });
  };
  if (own?.timeout?.heartbeat !== undefined && limits.heartbeat > limits.startToClose) {
    warn('heartbeat', 'is longer than `startToClose`, so it never counts.', 'Make it shorter, or leave it out.');
  }
  if (
    own?.timeout?.scheduleToClose !== undefined &&
    own.timeout.startToClose !== undefined &&
    own.timeout.scheduleToClose < own.timeout.startToClose
  ) {
    warn(
      'scheduleToClose',
      'is shorter than `startToClose`, so no attempt can use its whole time.',
      'Make it longer, or leave it out.',
    );
  }
  return findings;
}

/** Numbers in `env` that a variable would show differently from how they are written. */
export function checkEnvNumbers(value: unknown, written: (path: Path) => string | undefined): Finding[] {
  const tasks = valueAt(value, ['tasks']);
  const names = typeof tasks === 'object' && tasks !== null ? Object.keys(tasks) : [];
  const holders: Path[] = [['defaults', 'env'], ...names.map((name) => ['tasks', name, 'env'])];
  return holders.flatMap((holder) => {
    const env = valueAt(value, holder);
    if (typeof env !== 'object' || env === null) return [];
    return Object.entries(env).flatMap(([key, item]) => {
      if (typeof item !== 'number' && typeof item !== 'boolean') return [];
      const text = written([...holder, key]);
      if (text === undefined || text === String(item)) return [];
      return [
        finding(
          [...holder, key],
          'TYPE_WRONG',
          `would read \`${String(item)}\`, not ${quote(text)}.`,
          `Put it in quotes: "${text}".`,
        ),
      ];
    });
  });
}
