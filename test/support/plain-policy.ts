import { sharesGroups, type PolicyFacts, type PolicyName } from '../../src/dag/policy.js';

/** A waiting task, with what was known of it when it was added. */
export interface Waiting {
  readonly task: number;
  readonly sequence: number;
  readonly group: number;
  /** Of each policy that goes by numbers: those of the task, the lowest first. */
  readonly keys: Partial<Record<PolicyName, readonly number[]>>;
}

/** What the groups of one level were given. */
interface Shares {
  given: number[];
  time: number;
  starts: Record<number, number>;
}

/** What each policy promises, told without its means: it looks at all that waits, each time. */
export class PlainPolicy {
  waiting: Waiting[] = [];
  readonly #names: readonly PolicyName[];
  readonly #facts: PolicyFacts;
  #levels: Record<string, Shares> = {};

  constructor(names: readonly PolicyName[], facts: PolicyFacts) {
    this.#names = names;
    this.#facts = facts;
  }

  add(task: number, sequence: number): void {
    const facts = this.#facts;
    const waited = (facts.aging ?? 0) === 0 ? 0 : facts.readyAt(task) / facts.aging!;
    const keys = {
      priority: [waited - facts.priorityOf(task)],
      sjf: [facts.estimateOf(task)],
      'critical-path': [-facts.rankOf(task), -facts.dependentsOf(task)],
      edf: [facts.deadlineOf(task) ?? Infinity],
    };
    const one = { task, sequence, group: facts.groupOf(task), keys };
    const shares = this.#sharesOf(one);
    const isAwake = this.#levelOf(one).some(({ group }) => group === one.group);
    if (!isAwake) shares.starts[one.group] = Math.max(shares.starts[one.group] ?? 0, shares.time);
    this.waiting.push(one);
  }

  remove(task: number): void {
    const one = this.waiting.find((other) => other.task === task)!;
    this.waiting = this.waiting.filter((other) => other !== one);
    // What a level of several remembers goes with the last of it.
    const isNested = this.#outer().length > 0;
    if (isNested && this.#levelOf(one).length === 0) delete this.#levels[this.#textOf(one)];
  }

  next(): number | undefined {
    let best = this.waiting;
    const sharing = this.#names.find(sharesGroups);
    for (const name of this.#names) {
      if (sharesGroups(name)) {
        const group = this.#groupNext(best, name);
        best = best.filter((one) => one.group === group);
      } else best = lowest(best, (one) => one.keys[name] ?? []);
    }
    const [first] = best.toSorted((a, b) =>
      this.#names.at(-1) === 'critical-path' ? a.task - b.task : a.sequence - b.sequence,
    );
    if (first === undefined) return undefined;
    if (sharing !== undefined) this.#give(first);
    this.remove(first.task);
    return first.task;
  }

  order(): number[] {
    const copy = new PlainPolicy(this.#names, this.#facts);
    copy.waiting = [...this.waiting];
    copy.#levels = structuredClone(this.#levels);
    return Array.from({ length: copy.waiting.length }, () => copy.next()!);
  }

  #outer(): readonly PolicyName[] {
    return this.#names.slice(0, Math.max(0, this.#names.findIndex(sharesGroups)));
  }

  #textOf(one: Waiting): string {
    return JSON.stringify(this.#outer().map((name) => one.keys[name]));
  }

  #levelOf(one: Waiting): Waiting[] {
    return this.waiting.filter((other) => this.#textOf(other) === this.#textOf(one));
  }

  #sharesOf(one: Waiting): Shares {
    return (this.#levels[this.#textOf(one)] ??= { given: [], time: 0, starts: {} });
  }

  #groupNext(waiting: readonly Waiting[], name: 'round-robin' | 'fair'): number | undefined {
    const [first] = waiting;
    if (first === undefined) return undefined;
    const shares = this.#sharesOf(first);
    const groups = [...new Set(waiting.map(({ group }) => group))].sort((a, b) => a - b);
    if (name === 'round-robin') {
      const current = shares.given.at(-1);
      const inTurn = turnsOf(shares.given, this.#facts.quantum).at(-1)?.length ?? 0;
      if (groups.includes(current!) && inTurn < this.#facts.quantum) return current;
      return lowest(groups, (group) => [shares.given.lastIndexOf(group)])[0];
    }
    const begun = groups.filter((group) => shares.starts[group]! <= shares.time + 1e-9);
    const may = begun.length > 0 ? begun : lowest(groups, (group) => [round(shares.starts[group]!)]);
    return lowest(may, (group) => [round(shares.starts[group]! + 1 / this.#facts.weightOf(group))])[0];
  }

  #give(one: Waiting): void {
    const shares = this.#sharesOf(one);
    const awake = [...new Set(this.#levelOf(one).map(({ group }) => group))];
    const total = awake.reduce((sum, group) => sum + this.#facts.weightOf(group), 0);
    const start = shares.starts[one.group]!;
    shares.given.push(one.group);
    shares.time = (start > shares.time + 1e-9 ? start : shares.time) + 1 / total;
    shares.starts[one.group] = start + 1 / this.#facts.weightOf(one.group);
  }
}

/** What was given, in turns of at most so many. */
export function turnsOf(given: readonly number[], quantum: number): number[][] {
  const turns: number[][] = [];
  for (const group of given) {
    const last = turns.at(-1);
    if (last !== undefined && last[0] === group && last.length < quantum) last.push(group);
    else turns.push([group]);
  }
  return turns;
}

function lowest<One>(among: readonly One[], keysOf: (one: One) => readonly number[]): One[] {
  const compare = (a: One, b: One): number => {
    const [keysOfA, keysOfB] = [keysOf(a), keysOf(b)];
    const at = keysOfA.findIndex((key, index) => key !== keysOfB[index]);
    return at === -1 ? 0 : keysOfA[at]! < keysOfB[at]! ? -1 : 1;
  };
  const first = among.toSorted(compare)[0];
  return first === undefined ? [] : among.filter((one) => compare(one, first) === 0);
}

function round(fraction: number): number {
  return Math.round(fraction * 1e9) / 1e9;
}
