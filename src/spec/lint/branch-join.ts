import type { LintedDag, Warning } from './linted-dag.js';

/** What a task is skipped by: conditions, and the cases of switches that it is in. */
interface Causes {
  readonly conditions: ReadonlySet<string>;
  /** By switch: the cases in which it runs. */
  readonly cases: ReadonlyMap<string, ReadonlySet<string>>;
}

const NONE: Causes = { conditions: new Set(), cases: new Map() };
/** Rules by which a task is skipped only where all that it needs is. */
const SKIPPED_WITH_ALL: ReadonlySet<string> = new Set(['none_failed_min_one_success', 'one_success']);
/** With more, it is not looked into. */
const MOST = 16;

/** Tasks that wait for branches, or for tasks with conditions, by a rule that takes no skipped one. */
export function* branchJoins(linted: LintedDag): Iterable<Warning> {
  const { dag, order } = linted;
  const memberships = membershipsOf(linted);
  if (memberships.size === 0 && dag.tasks.every((task) => task.when === undefined)) return;
  const causes: (Causes | undefined)[] = [];
  const found: Warning[] = [];
  for (const index of order) {
    const task = linted.task(index);
    const needs = [...linted.needs(index)];
    const isAllSuccess = task.triggerRule === undefined || task.triggerRule === 'all_success';
    const inherited = isAllSuccess ? needs.map((needed) => causes[needed]) : [];
    const warning = isAllSuccess ? warningOf(linted, index, needs, inherited) : undefined;
    if (warning !== undefined) found.push(warning);
    const passed = SKIPPED_WITH_ALL.has(task.triggerRule ?? '')
      ? [
          shared(
            linted,
            needs.map((needed) => causes[needed]),
          ),
        ]
      : inherited;
    causes[index] = joined([...(warning === undefined ? passed : []), own(task.when, memberships.get(index))]);
  }
  yield* found.sort((a, b) => (a.task ?? 0) - (b.task ?? 0));
}

function warningOf(
  linted: LintedDag,
  index: number,
  needs: readonly number[],
  inherited: readonly (Causes | undefined)[],
): Warning | undefined {
  const task = linted.task(index);
  if (needs.length < 2 || inherited.includes(undefined)) return undefined;
  const known = inherited as readonly Causes[];
  const hint = 'Write `triggerRule: none_failed_min_one_success`, which takes skipped tasks.';
  const names = (a: number, b: number): string =>
    `\`${linted.task(needs[a]!).name}\` and \`${linted.task(needs[b]!).name}\``;
  const seen = new Map<string, number[]>();
  for (const [at, { cases }] of known.entries()) {
    for (const [by, own] of cases) {
      for (const other of seen.get(by) ?? []) {
        const theirs = known[other]!.cases.get(by)!;
        if ([...own].some((one) => theirs.has(one))) continue;
        const message = `\`${task.name}\` can never start: ${names(other, at)} are in different branches of \`${by}\`, so one is always skipped.`;
        return { code: 'BRANCH_JOIN', task: index, path: ['needs'], message, hint };
      }
      const list = seen.get(by) ?? [];
      if (list.length < MOST) list.push(at);
      seen.set(by, list);
    }
  }
  if (task.triggerRule !== undefined || task.when !== undefined) return undefined;
  const first = keyOf(known[0]!);
  const isMixed = known.some((one) => keyOf(one) !== first);
  const conditional = known.findIndex((one) => one.conditions.size > 0 || one.cases.size > 0);
  if (!isMixed || conditional < 0) return undefined;
  const message = `\`${task.name}\` is skipped where \`${linted.task(needs[conditional]!).name}\` is, though it needs others as well.`;
  return {
    code: 'BRANCH_JOIN',
    task: index,
    path: ['needs'],
    message,
    hint: `${hint} Where it is meant, write \`triggerRule: all_success\`.`,
  };
}

/** By task: by switch, the cases that it is in. */
function membershipsOf(linted: LintedDag): Map<number, Map<string, Set<string>>> {
  const memberships = new Map<number, Map<string, Set<string>>>();
  for (const task of linted.dag.tasks) {
    if (task.uses !== 'switch') continue;
    const { cases, default: otherwise } = task.with as {
      readonly cases?: Readonly<Record<string, readonly string[]>>;
      readonly default?: readonly string[];
    };
    const branches: [string, readonly string[]][] = [...Object.entries(cases ?? {}), ['default', otherwise ?? []]];
    for (const [name, branch] of branches) {
      for (const member of branch) {
        const index = linted.indexOf(member);
        if (index === undefined) continue;
        const switches = memberships.get(index) ?? new Map<string, Set<string>>();
        memberships.set(index, switches.set(task.name, (switches.get(task.name) ?? new Set()).add(name)));
      }
    }
  }
  return memberships;
}

function own(when: string | undefined, cases: Map<string, Set<string>> | undefined): Causes {
  if (when === undefined && cases === undefined) return NONE;
  return { conditions: new Set(when === undefined ? [] : [when]), cases: cases ?? new Map() };
}

/** All causes together; undefined where there are many. */
function joined(all: readonly (Causes | undefined)[]): Causes | undefined {
  const some = all.filter((one) => one !== NONE);
  if (some.length === 0) return NONE;
  if (some.length === 1) return some[0];
  const conditions = new Set<string>();
  const cases = new Map<string, ReadonlySet<string>>();
  for (const one of some) {
    if (one === undefined) return undefined;
    for (const condition of one.conditions) conditions.add(condition);
    for (const [by, names] of one.cases) {
      const before = cases.get(by);
      cases.set(by, before === undefined ? names : new Set([...names].filter((name) => before.has(name))));
    }
    if (conditions.size + cases.size > MOST) return undefined;
  }
  return { conditions, cases };
}

/** What skips all of some tasks; undefined where there is much. */
function shared(linted: LintedDag, all: readonly (Causes | undefined)[]): Causes | undefined {
  const [first, ...others] = all;
  if (first === undefined || others.includes(undefined)) return all.length === 0 ? NONE : undefined;
  const rest = others as readonly Causes[];
  const conditions = new Set([...first.conditions].filter((one) => rest.every((other) => other.conditions.has(one))));
  const cases = new Map<string, ReadonlySet<string>>();
  for (const [by, names] of first.cases) {
    if (!rest.every((other) => other.cases.has(by))) continue;
    const union = new Set([...names, ...rest.flatMap((other) => [...(other.cases.get(by) ?? [])])]);
    if (!isAll(linted, by, union)) cases.set(by, union);
  }
  return conditions.size + cases.size === 0 ? NONE : { conditions, cases };
}

/** Whether one of these branches always runs. */
function isAll(linted: LintedDag, by: string, names: ReadonlySet<string>): boolean {
  const index = linted.indexOf(by);
  const cases = index === undefined ? undefined : linted.task(index).with['cases'];
  return names.has('default') && names.size === Object.keys(cases ?? {}).length + 1;
}

function keyOf({ conditions, cases }: Causes): string {
  const branches = [...cases].map(([by, names]) => `${by} ${[...names].sort().join(' ')}`);
  return [...conditions, ...branches].sort().join('\0');
}
