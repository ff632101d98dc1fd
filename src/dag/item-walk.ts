import type { FanOut } from './event.js';
import { isOver, type Items } from './fan-outs.js';
import { STOP } from './task-table.js';
import type { Walk } from './walk.js';

const NO_ITEMS: readonly Items[] = [];

/** The items of fan-outs as they move: how they come to be, are let go, as many as may, and are stopped. */
export class ItemWalk {
  readonly #walk: Walk;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /**
   * A started task fans out. Of an earlier time that it did, items that are not in `keep` are done again; those beyond
   * the number of items now stay as they are, and are none any more.
   */
  fanOut(parent: number, fanOut: FanOut, at: number): void {
    const walk = this.#walk;
    const before = walk.fanOuts.of(parent)?.tasks ?? [];
    const keep = new Set(fanOut.keep);
    before.slice(0, fanOut.items).forEach((task, item) => {
      if (!keep.has(item) && walk.tasks.hasEnded(task)) walk.setBack(task);
    });
    for (const task of before.slice(fanOut.items)) {
      if (walk.tasks.hasEnded(task)) continue;
      walk.tasks.declined[task] = 1;
      walk.endAlone(task, 'skipped', at);
    }
    const missing = Math.max(0, fanOut.items - before.length);
    const first = walk.graph.size;
    const traits = { ...walk.traitsLike(parent), hold: fanOut.hold ?? 'slot' };
    if (missing > 0) walk.add(Array.from({ length: missing }, () => traits));
    for (let task = first; task < first + missing; task++) walk.tasks.parent[task] = parent;
    const tasks = [...before, ...Array.from({ length: missing }, (_, index) => first + index)];
    walk.fanOuts.recount(walk.fanOuts.set(parent, tasks, fanOut), walk.tasks);
  }

  /** Lets items of fan-outs go, as many as may; @returns the fan-outs of which every item has ended. */
  settle(at: number): readonly Items[] {
    const { touched } = this.#walk.fanOuts;
    if (touched.size === 0) return NO_ITEMS;
    const ended: Items[] = [];
    // Grows as it is gone through: an item that ends at once touches its fan-out again.
    for (const group of touched) {
      touched.delete(group);
      const isCurrent = this.#walk.fanOuts.of(group.parent) === group;
      if (!isCurrent || !this.#walk.tasks.is(group.parent, 'running')) continue;
      this.#letGo(group, at);
      if (group.open === 0) ended.push(group);
    }
    return ended.filter((group, index) => ended.indexOf(group) === index);
  }

  #letGo(group: Items, at: number): void {
    const { tasks } = this.#walk;
    if (isOver(group)) this.stop(group, at);
    if (tasks.paused[group.parent] === 1 || tasks.stop[group.parent] !== STOP.none) return;
    while (group.next < group.size && group.active < group.maxParallel && !isOver(group)) {
      const task = group.tasks[group.next++]!;
      if (!tasks.is(task, 'pending')) continue;
      const own = this.#walk.admitted(task);
      if (own === 'start') {
        group.active++;
        this.#walk.makeReady(task, at);
      } else this.#walk.end(task, own, at);
    }
  }

  /** Ends the items that have not started; @returns those that run. */
  stop(group: Items, at: number): number[] {
    const { tasks } = this.#walk;
    const items = group.tasks.slice(0, group.size);
    for (const task of items) if (tasks.is(task, 'pending') || tasks.is(task, 'ready')) this.#walk.drop(task, at);
    return items.filter((task) => tasks.isUnderWay(task));
  }
}
