import { isTaskEnd, TASK_STATES, type TaskState } from '../../dag/task-state.js';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { branchesOf, sectioned, withItems, type Draw } from './all-branches.js';
import { chooseTasks } from './choose-tasks.js';
import type { Paint } from './paint.js';
import { groupsOf, type TaskGroups } from './task-groups.js';
import { fits, rowsOf, type RowScreen } from './task-row.js';
import { listOf, treeOf, type Branch } from './task-tree.js';
import { cut } from './text.js';

/** Where the tasks are shown, and how many of them. */
export interface TasksScreen extends Omit<RowScreen, 'runId'> {
  /** Every item of a fan-out has a line, where there is room. */
  readonly items?: boolean;
}

/** Items of a fan-out that have a line; where there is little room, the lesser number of them. */
const ITEMS_SHOWN = 5;
const FEW_ITEMS_SHOWN = 2;

/** The order in which people read the counts: what happened, what happens, what is to come. */
export const COUNT_ORDER: readonly TaskState[] = [...TASK_STATES].reverse().sort((a, b) => rankOf(a) - rankOf(b));

/**
 * The tasks of a run in at most so many lines: all of them as a tree of what needs what where there is room, else those
 * most worth a line. The items of a fan-out are folded: those under way and those that failed have a line, a few of them.
 */
export function taskLines(status: RunDescription, screen: TasksScreen, room: number, paint: Paint): string[] {
  if (room <= 0) return [];
  const groups = groupsOf(status.tasks);
  const rows = { ...screen, runId: status.runId };
  const shown = [...(screen.items === true ? [Infinity] : []), ITEMS_SHOWN, FEW_ITEMS_SHOWN, 0];
  for (const items of shown) {
    const lines = allOf(groups, items, rows, room, paint);
    if (lines !== undefined) return lines;
  }
  return someOf(groups, rows, room, paint);
}

/** Every task, with so many items; undefined where there is not room for all. */
function allOf(groups: TaskGroups, items: number, screen: RowScreen, room: number, paint: Paint): string[] | undefined {
  if (groups.main.length + groups.finally.length > room) return undefined;
  const draw: Draw = (tasks) => {
    const tree = treeOf(tasks);
    return tree !== undefined && fits(tree, screen) ? tree : listOf(tasks);
  };
  const branches = branchesOf(groups, items, draw);
  if (branches.length > room) return undefined;
  const lines = rowsOf(branches, screen, paint).flat();
  return lines.length <= room ? lines : undefined;
}

/** The tasks most worth a line, and how many there are beside them. */
function someOf(groups: TaskGroups, screen: RowScreen, room: number, paint: Paint): string[] {
  const own = [...groups.main, ...groups.undo, ...groups.finally];
  const isFanOut = ({ name }: TaskDescription): boolean => groups.items.has(name);
  let share = shareOf(groups, own.filter(isFanOut), room);
  let chosen = chooseTasks(own, Math.max(1, room - share));
  const fanOuts = chosen.filter(isFanOut).length;
  if (fanOuts === 0 && share > 0) {
    share = 0;
    chosen = chooseTasks(own, room);
  }
  const items = Math.min(ITEMS_SHOWN, Math.floor(share / Math.max(1, fanOuts)) - 1);
  const blocks = chosen.map((task) => withItems(listOf([task]), groups, items));
  const some = groupsOf(chosen);
  const heads = Number(some.undo.length > 0) + Number(some.finally.length > 0);
  const kept = keptOf(blocks, screen, paint, room - heads - 1);
  const drawn = (tasks: readonly TaskDescription[]): Branch[] => tasks.flatMap((task) => kept.get(task) ?? []);
  const branches = sectioned(drawn(some.main), drawn(some.undo), drawn(some.finally));
  const lines = rowsOf(branches, screen, paint).flat();
  const rest = restOf(own, kept);
  return rest === '' ? lines : [...lines, paint(cut(`  … ${rest}`, screen.width), 'dim')];
}

/** Of blocks of branches, the most important first, those that fit into so many lines; by the task that each is of. */
function keptOf(
  blocks: readonly (readonly Branch[])[],
  screen: RowScreen,
  paint: Paint,
  room: number,
): ReadonlyMap<TaskDescription, readonly Branch[]> {
  const kept = new Map<TaskDescription, readonly Branch[]>();
  const rows = rowsOf(blocks.flat(), screen, paint);
  let row = 0;
  let used = 0;
  for (const block of blocks) {
    const costs = rows.slice(row, row + block.length).map((lines) => lines.length);
    row += block.length;
    const [first] = block;
    if (first === undefined) continue;
    const cost = costs.reduce((sum, lines) => sum + lines, 0);
    const isWhole = used + cost <= room;
    // Without its items it may.
    const least = isWhole ? cost : (costs[0] ?? 0);
    if (used + least > room) continue;
    used += least;
    kept.set(first.task, isWhole ? block : [first]);
  }
  return kept;
}

/** The lines that the items of fan-outs may take from those of tasks: what they need, up to a third. */
function shareOf(groups: TaskGroups, fanOuts: readonly TaskDescription[], room: number): number {
  const branches = withItems(listOf(fanOuts), groups, ITEMS_SHOWN);
  const folds = branches.filter(({ after }) => after !== undefined).length;
  return Math.min(branches.length - fanOuts.length + folds, Math.floor(room / 3));
}

/** What the lines above leave out: `83 more pending, 12 more succeeded`. */
function restOf(tasks: readonly TaskDescription[], shown: ReadonlyMap<TaskDescription, unknown>): string {
  const left = new Map<TaskState, number>();
  for (const task of tasks) if (!shown.has(task)) left.set(task.state, (left.get(task.state) ?? 0) + 1);
  return [...COUNT_ORDER]
    .reverse()
    .filter((state) => left.has(state))
    .map((state) => `${left.get(state)} more ${state}`)
    .join(', ');
}

function rankOf(state: TaskState): number {
  if (state === 'failed') return 0;
  if (state === 'upstream_failed') return 1;
  if (state === 'succeeded') return 2;
  return isTaskEnd(state) ? 3 : 4;
}
