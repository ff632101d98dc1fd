import type { TaskDescription } from '../../run/run.js';

/** A task and its place in a picture. */
export interface Branch {
  readonly task: TaskDescription;
  /** What leads to its name: `│  ├─ `. */
  readonly lead: string;
  /** The same for a further line of it. */
  readonly below: string;
  /** What leads to the names of its items. */
  readonly inner: string;
  /** A word above it, where it is the first of a section. */
  readonly head?: string;
  /** A line below it: what is left out there. */
  readonly after?: string;
}

/** The tasks one below the other, whatever they need. */
export function listOf(tasks: readonly TaskDescription[]): Branch[] {
  return tasks.map((task) => ({ task, lead: '', below: '', inner: '  ' }));
}

/**
 * The tasks as a tree of what needs what. Each has one place: below the deepest of those that it needs, the last declared
 * where several are as deep. Siblings stand in the order of declaration.
 * @returns undefined where no task is known to need another.
 */
export function treeOf(tasks: readonly TaskDescription[]): Branch[] | undefined {
  const parents = parentsOf(tasks);
  if (parents.size === 0) return undefined;
  const children = new Map<number | undefined, number[]>();
  for (const index of tasks.keys()) {
    const siblings = children.get(parents.get(index));
    if (siblings === undefined) children.set(parents.get(index), [index]);
    else siblings.push(index);
  }

  const branches: Branch[] = [];
  const draw = (index: number, lead: string, onward: string): void => {
    const own = children.get(index) ?? [];
    const task = tasks[index];
    const inner = own.length === 0 ? `${onward}   ` : `${onward}│  `;
    if (task !== undefined) branches.push({ task, lead, below: own.length === 0 ? onward : inner, inner });
    for (const [i, child] of own.entries()) {
      const isLast = i === own.length - 1;
      draw(child, `${onward}${isLast ? '└─ ' : '├─ '}`, `${onward}${isLast ? '   ' : '│  '}`);
    }
  };
  for (const root of children.get(undefined) ?? []) draw(root, '', '');
  return branches;
}

/** The task that each stands below, both by index; those that need none are left out. */
function parentsOf(tasks: readonly TaskDescription[]): Map<number, number> {
  const indexes = new Map(tasks.map(({ name }, index) => [name, index]));
  const parents = new Map<number, number>();
  const depths: (number | undefined)[] = [];
  const depthOf = (index: number): number => {
    const known = depths[index];
    if (known !== undefined) return known;
    depths[index] = 0;
    let depth = 0;
    for (const name of tasks[index]?.needs ?? []) {
      const needed = indexes.get(name);
      if (needed === undefined) continue;
      const below = depthOf(needed) + 1;
      if (below < depth || (below === depth && needed < (parents.get(index) ?? -1))) continue;
      depth = below;
      parents.set(index, needed);
    }
    depths[index] = depth;
    return depth;
  };
  for (const index of tasks.keys()) depthOf(index);
  return parents;
}
