import type { TaskDescription } from '../../run/run.js';
import { foldOf } from './fold.js';
import { manyOf, type TaskGroups } from './task-groups.js';
import { listOf, type Branch } from './task-tree.js';

/** Compensations of items may be as many as these; so many have a line each before they are folded. */
const MOST_UNDO = 10;

/** Draws the tasks of a group, as a tree or one below the other. */
export type Draw = (tasks: readonly TaskDescription[]) => readonly Branch[];

/**
 * The tasks of a run in the order in which people read them: the dag's own with their items, those that undo, and those
 * of the end, each of these two under a word of its own.
 * @param most Items of a fan-out that have a line; `Infinity`: all.
 */
export function branchesOf(groups: TaskGroups, most: number, draw: Draw): Branch[] {
  const { undo } = groups;
  const few = undo.length <= MOST_UNDO ? Infinity : Math.max(1, most);
  const { shown, rest } = foldOf(manyOf(undo), few, undo);
  return sectioned(
    withItems(draw(groups.main), groups, most),
    closed(listOf(shown), rest),
    withItems(draw(groups.finally), groups, most),
  );
}

/** The branches of the groups, those of the last two under a word each. */
export function sectioned(main: readonly Branch[], undo: readonly Branch[], last: readonly Branch[]): Branch[] {
  return [...main, ...headed('undo', undo), ...headed('finally', last)];
}

/** The branches, the items of each below it. */
export function withItems(branches: readonly Branch[], { items }: TaskGroups, most: number): Branch[] {
  if (items.size === 0) return [...branches];
  return branches.flatMap((branch) => {
    const own = items.get(branch.task.name);
    if (own === undefined) return [branch];
    const { shown, rest } = foldOf(own, most);
    const lines = shown.map((task): Branch => ({ task, lead: branch.inner, below: branch.inner, inner: branch.inner }));
    return [branch, ...closed(lines, rest)];
  });
}

function headed(word: string, branches: readonly Branch[]): Branch[] {
  const [first, ...others] = branches;
  return first === undefined ? [] : [{ ...first, head: word }, ...others];
}

function closed(branches: readonly Branch[], rest: string): Branch[] {
  const last = branches.at(-1);
  if (last === undefined || rest === '') return [...branches];
  return [...branches.slice(0, -1), { ...last, after: `… and ${rest}` }];
}
