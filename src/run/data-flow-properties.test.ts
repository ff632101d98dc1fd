import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowWorld, OPERATOR_ACTS, type Behaviour } from '../../test/support/flow-world.js';
import type { Dag, Task } from '../dag/dag.js';
import { TRIGGER_RULES, verdictOf, type TriggerRule } from '../dag/trigger-rule.js';

/** What a task does, with a number that shapes it. */
type Kind = 'plain' | 'each' | 'wait' | 'poll' | 'switch' | 'approval' | 'event';
const KINDS: readonly Kind[] = ['plain', 'plain', 'each', 'each', 'wait', 'poll', 'switch', 'approval', 'event'];

/** A task as it is drawn: everything that the oracle must know. */
interface Drawn {
  readonly kind: Kind;
  readonly size: number;
  readonly needs: readonly number[];
  readonly rule: TriggerRule;
  readonly continues: boolean;
  readonly condition: 'none' | 'succeeded' | 'failed' | 'item';
  readonly tolerate: number | undefined;
  readonly maxParallel: number | undefined;
  readonly compensates: boolean;
  readonly pool: number | undefined;
}

interface Case {
  readonly main: readonly Drawn[];
  readonly last: readonly Drawn[];
  readonly concurrency: number;
  readonly failures: readonly boolean[];
  readonly behaviour: Pick<Behaviour, 'picks' | 'carries'>;
  readonly cancelAt: number;
}

const drawn = fc.record({
  kind: fc.constantFrom(...KINDS),
  size: fc.nat({ max: 5 }),
  needs: fc.uniqueArray(fc.nat({ max: 12 }), { maxLength: 3 }),
  rule: fc.oneof(fc.constant<TriggerRule>('all_success'), fc.constantFrom(...TRIGGER_RULES)),
  continues: fc.boolean(),
  condition: fc.constantFrom('none', 'none', 'succeeded', 'failed', 'item'),
  tolerate: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
  maxParallel: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  compensates: fc.boolean(),
  pool: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
}) as fc.Arbitrary<Drawn>;

/** A task needs some of those before it. */
function placed(tasks: readonly Drawn[]): Drawn[] {
  return tasks.map((task, index) => ({
    ...task,
    needs: index === 0 ? [] : [...new Set(task.needs.map((need) => need % index))],
  }));
}

const cases: fc.Arbitrary<Case> = fc.record({
  main: fc.array(drawn, { minLength: 1, maxLength: 9 }).map(placed),
  last: fc.array(drawn, { maxLength: 3 }).map(placed),
  concurrency: fc.integer({ min: 1, max: 4 }),
  failures: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  behaviour: fc.record({
    picks: fc.array(fc.nat(), { minLength: 5, maxLength: 40 }),
    carries: fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
  }),
  cancelAt: fc.nat({ max: 20 }),
});

const nameOf = (prefix: string, index: number): string => `${prefix}${index}`;

function taskOf(prefix: string, index: number, given: Drawn): Task {
  const needs = given.needs.map((need) => ({ task: nameOf(prefix, need) }));
  const condition = conditionOf(prefix, given);
  const common = {
    name: nameOf(prefix, index),
    needs,
    triggerRule: given.rule,
    ...(given.continues ? { continueOnError: true } : {}),
    ...(condition === undefined ? {} : { when: condition }),
    ...(prefix === 'f' ? { finally: true as const } : {}),
  };
  const shell = { uses: 'shell', with: { run: 'true' } } as const;
  const pool = given.pool === undefined ? {} : { pool: [{ name: 'p', slots: given.pool }] };
  const undo = given.compensates && prefix === 't' ? { compensate: shell } : {};
  switch (given.kind) {
    case 'plain':
      return { ...common, ...shell, ...undo, ...pool, env: { N: '${{ 1 + 1 }}' } };
    case 'each':
      return {
        ...common,
        ...shell,
        ...undo,
        ...pool,
        forEach: { range: { to: given.size - 1 } },
        env: { ITEM: '${{ item * 2 }}' },
        ...(given.tolerate === undefined ? {} : { tolerate: { count: given.tolerate } }),
        ...(given.maxParallel === undefined ? {} : { maxParallel: given.maxParallel }),
      };
    case 'wait':
      return { ...common, uses: 'wait', with: { for: given.size } };
    case 'poll':
      return { ...common, ...shell, ...pool, poll: { until: `output >= ${given.size}`, interval: 5 } };
    case 'switch':
      return { ...common, uses: 'switch', with: { on: String(given.size), cases: { '1': [], '2': [] } } };
    case 'approval':
      return { ...common, uses: 'approval', with: given.size === 0 ? { reminder: 2 } : {} };
    case 'event':
      return { ...common, uses: 'event', with: { event: 'news', filter: `event == '${common.name}'` } };
  }
}

function conditionOf(prefix: string, { condition, needs, kind }: Drawn): string | undefined {
  if (condition === 'none') return undefined;
  if (condition === 'item') return kind === 'each' ? 'item != 1' : undefined;
  const [first] = needs;
  return first === undefined ? undefined : `tasks.${nameOf(prefix, first)}.status == '${condition}'`;
}

function dagOf({ main, last, concurrency }: Case): Dag {
  const tasks = [
    ...main.map((given, index) => taskOf('t', index, given)),
    ...last.map((given, index) => taskOf('f', index, given)),
  ];
  return { name: 'flow', params: {}, concurrency, pools: { p: 3 }, tasks };
}

/** What happens to a handler, by its name alone. */
function draw(failures: readonly boolean[], name: string): boolean {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return failures[sum % failures.length] ?? false;
}

/** How each task ends, by plain recursion over how those it needs have ended. */
class Oracle {
  readonly #known = new Map<string, string>();
  readonly #case: Case;

  constructor(given: Case) {
    this.#case = given;
  }

  stateOf(prefix: 't' | 'f', index: number): string {
    const name = nameOf(prefix, index);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const state = this.#decide(prefix, index, (prefix === 't' ? this.#case.main : this.#case.last)[index]!);
    this.#known.set(name, state);
    return state;
  }

  isSatisfied(prefix: 't' | 'f', index: number): boolean {
    const { continues } = (prefix === 't' ? this.#case.main : this.#case.last)[index]!;
    const state = this.stateOf(prefix, index);
    return state === 'succeeded' || state === 'skipped' || (state === 'failed' && continues);
  }

  #decide(prefix: 't' | 'f', index: number, given: Drawn): string {
    const ends = given.needs.map((need) => this.stateOf(prefix, need));
    const counts = (...states: string[]): number => ends.filter((end) => states.includes(end)).length;
    const verdict = verdictOf(given.rule, {
      total: ends.length,
      done: ends.length,
      succeeded: given.needs.filter(
        (need) => this.isSatisfied(prefix, need) && this.stateOf(prefix, need) !== 'skipped',
      ).length,
      failed: counts('failed', 'upstream_failed'),
      upstreamFailed: counts('upstream_failed'),
      skipped: counts('skipped'),
    });
    if (verdict !== 'start') return verdict;
    if (given.condition === 'succeeded' || given.condition === 'failed') {
      if (ends[0] !== undefined && ends[0] !== given.condition) return 'skipped';
    }
    const name = nameOf(prefix, index);
    const fails = (handler: string): boolean => draw(this.#case.failures, handler);
    switch (given.kind) {
      case 'plain':
      case 'poll':
      case 'approval':
        return fails(name) ? 'failed' : 'succeeded';
      case 'each': {
        const items = Array.from({ length: given.size }, (_, item) => item).filter(
          (item) => given.condition !== 'item' || item !== 1,
        );
        const failed = items.filter((item) => fails(`${name}[${item}]`)).length;
        return failed > (given.tolerate ?? 0) ? 'failed' : 'succeeded';
      }
      default:
        return 'succeeded';
    }
  }
}

/** A rule that does not wait for the ends of what it needs sees other ends than the last ones in a condition. */
function looksTooEarly({ main, last }: Case): boolean {
  const early = ['one_failed', 'one_success', 'one_done', 'always', 'all_failed', 'all_skipped'];
  const isOff = ({ rule, condition }: Drawn): boolean =>
    (condition === 'succeeded' || condition === 'failed') && (early.includes(rule) || rule.startsWith('none_skipped'));
  return [...main, ...last].some(isOff);
}

function worldOf(given: Case, more: Partial<Behaviour> = {}): FlowWorld {
  const fails = (task: string): boolean => draw(given.failures, task);
  const behaviour = { ...given.behaviour, fails, rejects: fails, ...more };
  return new FlowWorld(dagOf(given), behaviour).run();
}

describe('a run with branches, fan-outs, waits, people and what undoes', () => {
  it('ends as plain recursion says, in whatever order things happen', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(cases, (given) => {
        fc.pre(!looksTooEarly(given));
        const world = worldOf(given);
        const oracle = new Oracle(given);
        const states = (prefix: 't' | 'f', tasks: readonly Drawn[]): (string | undefined)[] =>
          tasks.map((_, index) => world.stateOf(nameOf(prefix, index)));
        expect(states('t', given.main)).toEqual(given.main.map((_, index) => oracle.stateOf('t', index)));
        expect(states('f', given.last)).toEqual(given.last.map((_, index) => oracle.stateOf('f', index)));
        const isGood = given.main.every((_, index) => oracle.isSatisfied('t', index));
        const endsWell = isGood && given.last.every((_, index) => oracle.isSatisfied('f', index));
        expect(world.live.scheduler.state).toBe(endsWell ? 'succeeded' : 'failed');
        expect(undone(world)).toEqual(isGood ? [] : undoable(world));
        expectUndoInOrder(world);
      }),
      { numRuns: 3000 },
    );
  });

  it('ends where it is cancelled, with all that is done at the end done', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(cases, (given) => {
        const world = worldOf(given, { cancelAt: given.cancelAt });
        const { tasks } = world.live.result();
        for (const [name, { status }] of Object.entries(tasks)) {
          // Items that did not start are cancelled where more failed than may.
          if (name.startsWith('f') && !name.includes('[')) expect(status).not.toBe('cancelled');
        }
        expectUndoInOrder(world);
      }),
      { numRuns: 300 },
    );
  });
});

const acts = fc.array(
  fc.record({ step: fc.nat({ max: 40 }), type: fc.constantFrom(...OPERATOR_ACTS), pick: fc.nat({ max: 60 }) }),
  { maxLength: 12 },
);

describe('operators of such a run', () => {
  it('can ask for anything at any time, and it comes to its end', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(cases, acts, fc.boolean(), (given, asked, isCancelled) => {
        const world = worldOf(given, { acts: asked, ...(isCancelled ? { cancelAt: given.cancelAt } : {}) });
        expect(world.live.result().status).toBe(world.live.scheduler.state);
      }),
      { numRuns: 400 },
    );
  });
});

/** The tasks that were undone. */
function undone(world: FlowWorld): string[] {
  return world.live.dag.tasks.flatMap(({ name, made }) => (made?.undoes ? [name.replace('~undo', '')] : [])).sort();
}

/** Those that succeeded, and can be undone. */
function undoable(world: FlowWorld): string[] {
  return world.live.dag.tasks
    .filter(
      ({ compensate, forEach, made }) => compensate !== undefined && (forEach === undefined || made !== undefined),
    )
    .filter(({ name, finally: last }) => last === undefined && world.stateOf(name) === 'succeeded')
    .map(({ name }) => name)
    .sort();
}

/** What undoes a task starts only once all is undone that needs it. */
function expectUndoInOrder({ live, log }: FlowWorld): void {
  const needers = new Map(live.definition.tasks.map(({ name }) => [name, new Set<string>()]));
  for (const { name, needs } of live.definition.tasks.toReversed()) {
    for (const { task } of needs) for (const one of [name, ...needers.get(name)!]) needers.get(task)!.add(one);
  }
  const nameless = (undo: string): string => undo.replace(/(\[\d+\])?~undo$/, '');
  log.forEach((line, at) => {
    const [what, name = ''] = line.split(' ');
    if (what !== 'started' || !name.endsWith('~undo')) return;
    const before = [...needers.get(nameless(name))!];
    const later = log.slice(at).filter((one) => one.startsWith('ended ') && one.endsWith('~undo'));
    for (const one of later) expect(before).not.toContain(nameless(one.slice('ended '.length)));
  });
}
