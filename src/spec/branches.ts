import { compile } from '../expression/compile.js';
import { finding, valueAt, type Finding } from './issues.js';
import { didYouMean } from './near-name.js';
import { quote } from './problem.js';
import { rawEntries, someTask, withNeeds, withTasks } from './raw-entries.js';
import type { Path } from './source.js';

/** A switch, as a file has it: in short, or in `with`. */
interface RawSwitch {
  readonly name: string;
  readonly path: Path;
  readonly cases: unknown;
  readonly default: unknown;
}

/** A dag file's value whose branches have their conditions. */
export interface Branched {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** What was found in the value: a problem of a condition that was joined stands where the file has its own part. */
  place(found: Finding): Finding;
}

/** Gives the tasks that the switches of a dag file name their conditions. */
export function applySwitches(value: unknown): Branched {
  const isSwitch = (task: Readonly<Record<string, unknown>>): boolean =>
    task['uses'] === 'switch' || task['switch'] !== undefined;
  if (!someTask(value, isSwitch)) return { value, findings: [], place: (found) => found };
  const entries = rawEntries(value);
  const names = new Set(entries.map(({ name }) => name));
  const findings: Finding[] = [];
  let suggestions = 0;
  /** By task: by switch, the cases that it is in. */
  const chosen = new Map<string, Map<string, string[]>>();
  for (const one of entries.flatMap(({ name, path, task }) => switchOf(name, path, task))) {
    for (const { of, task, path } of branchesOf(one)) {
      const isThere = names.has(task) && task !== one.name;
      if (!isThere) {
        const text = task === one.name ? 'is the switch itself' : 'names a task that is not in the dag';
        // Comparing with every name is slow in a large dag, so only the first few get a suggestion there.
        suggestions += names.size;
        const others = suggestions <= 2_000_000 ? [...names].filter((name) => name !== one.name) : [];
        const near = didYouMean(task, others);
        const hint = near ?? 'Add that task, or remove the name.';
        findings.push(finding(path, 'BRANCH_UNKNOWN', `${text}: ${quote(task)}.`, hint));
        continue;
      }
      const switches = chosen.get(task) ?? new Map<string, string[]>();
      chosen.set(task, switches);
      const cases = switches.get(one.name) ?? [];
      switches.set(one.name, cases);
      if (!cases.includes(of)) cases.push(of);
    }
  }
  /** The lengths of the own conditions that others were joined to. */
  const joined = new Map<string, number>();
  const branched = withTasks(value, ({ name, task }) => {
    const switches = chosen.get(name);
    if (switches === undefined || typeof task !== 'object' || task === null || Array.isArray(task)) return task;
    const needing = withNeeds(task, switches.keys(), false) as object;
    const conditions = [...switches].map(([by, cases]) => conditionOf(by, cases));
    const when = valueAt(task, ['when']);
    if (when === undefined) {
      joined.set(name, 0);
      return { ...needing, when: conjunction(conditions) };
    }
    // What cannot be read is left as it is: its check says so, at its place.
    if (typeof when !== 'string' || 'problems' in compile(when, {})) return needing;
    joined.set(name, when.length);
    // A comment would hide the bracket that closes it.
    return { ...needing, when: conjunction([when.includes('//') ? `${when}\n` : when, ...conditions]) };
  });
  return {
    value: branched,
    findings,
    place: (found) => {
      const [, name, field] = found.path;
      const length = found.path.length === 3 && field === 'when' ? joined.get(String(name)) : undefined;
      if (length === undefined || found.within === undefined) return found;
      const { within, ...rest } = found;
      if (length === 0) return { ...rest, path: found.path.slice(0, 2), key: true };
      return within - 1 <= length ? { ...rest, within: Math.max(0, within - 1) } : rest;
    },
  };
}

function switchOf(name: string, path: Path, task: unknown): RawSwitch[] {
  if (valueAt(task, ['switch']) !== undefined) {
    return [{ name, path, cases: valueAt(task, ['cases']), default: valueAt(task, ['default']) }];
  }
  if (valueAt(task, ['uses']) !== 'switch') return [];
  const settings = valueAt(task, ['with']);
  const at = [...path, 'with'];
  return [{ name, path: at, cases: valueAt(settings, ['cases']), default: valueAt(settings, ['default']) }];
}

function branchesOf({ path, cases, default: otherwise }: RawSwitch): { of: string; task: string; path: Path }[] {
  const isMapping = typeof cases === 'object' && cases !== null && !Array.isArray(cases);
  const all: [string, unknown, Path][] = isMapping
    ? Object.entries(cases).map(([of, tasks]) => [of, tasks, [...path, 'cases', of]])
    : [];
  if (otherwise !== undefined) all.push(['default', otherwise, [...path, 'default']]);
  return all.flatMap(([of, tasks, at]) => {
    if (typeof tasks === 'string') return [{ of, task: tasks, path: at }];
    if (!Array.isArray(tasks)) return [];
    return tasks.flatMap((task: unknown, index) =>
      typeof task === 'string' ? [{ of, task, path: [...at, index] }] : [],
    );
  });
}

function conditionOf(name: string, cases: readonly string[]): string {
  const output = `${/^\w+$/.test(name) ? `tasks.${name}` : `tasks["${name}"]`}.output`;
  const [first = '', ...more] = cases.map(literal);
  return more.length === 0 ? `${output} == ${first}` : `${output} in [${[first, ...more].join(', ')}]`;
}

/** A text as CEL writes it. */
function literal(text: string): string {
  return /^[^'\\\p{Cc}]*$/u.test(text) ? `'${text}'` : JSON.stringify(text);
}

function conjunction(conditions: readonly string[]): string {
  const [first = '', ...more] = conditions;
  return more.length === 0 ? first : conditions.map((one) => `(${one})`).join(' && ');
}
