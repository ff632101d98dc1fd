import { readPolicy, sharesGroups, type Policy, type PolicyFacts, type PolicyName } from '../dag/policy.js';
import { Columns, type Key } from './columns.js';
import { criticalPath } from './critical-path.js';
import { edf } from './edf.js';
import { Fair } from './fair.js';
import { Fcfs } from './fcfs.js';
import { Groups, type Turns } from './groups.js';
import { Sorted, type Layer } from './layer.js';
import { Levels } from './levels.js';
import { Ordered } from './ordered.js';
import { priority } from './priority.js';
import { RoundRobin } from './round-robin.js';
import { sjf } from './sjf.js';
import { srtf } from './srtf.js';

type SharingName = 'round-robin' | 'fair';

/** By which numbers each policy goes, those of the lowest first. */
const KEYS: Readonly<Record<Exclude<PolicyName, SharingName>, (facts: PolicyFacts) => readonly Key[]>> = {
  fcfs: () => [],
  priority,
  sjf,
  srtf,
  'critical-path': criticalPath,
  edf,
};

/** Which group is next. */
const TURNS: Readonly<Record<SharingName, (facts: PolicyFacts) => Turns>> = {
  'round-robin': (facts) => new RoundRobin(facts.quantum),
  fair: (facts) => new Fair((group) => facts.weightOf(group)),
};

/**
 * A new policy with no tasks; each run has its own.
 * @param text A name, or several like `priority,sjf`: each orders what those before it leave open.
 * @throws Error where that is no policy (see `readPolicy`).
 */
export function createPolicy(text: string, facts: PolicyFacts): Policy {
  const read = readPolicy(text);
  if ('problem' in read) throw new Error(read.problem);
  const { names } = read;
  const name = names.join(',');
  if (name === 'fcfs') return new Fcfs();
  const sharing = names.find(sharesGroups);
  const at = sharing === undefined ? names.length : names.indexOf(sharing);
  const outer = keysOf(names.slice(0, at), facts);
  // Its ties are told apart by the order of declaration, where nothing else does.
  const ties: Key[] = names.at(-1) === 'critical-path' ? [(task) => task] : [];
  if (sharing === undefined) {
    return new Ordered(name, new Columns([...outer, ...ties]), (columns) => new Sorted(columns, 0, []));
  }
  const keys = [...outer, ...keysOf(names.slice(at + 1), facts), ...ties];
  return new Ordered(name, new Columns(keys, facts), (columns) => {
    const positions: number[] = [];
    const members = (): Layer => new Sorted(columns, outer.length, positions);
    const groups = (): Layer => new Groups(columns, TURNS[sharing](facts), members);
    return outer.length === 0 ? groups() : new Levels(columns, outer.length, groups);
  });
}

function keysOf(names: readonly PolicyName[], facts: PolicyFacts): Key[] {
  return names.flatMap((name) => (sharesGroups(name) ? [] : KEYS[name](facts)));
}
