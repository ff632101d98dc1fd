import type { Dag } from '../../dag/dag.js';
import { graphOf, levels, neighbours } from '../../dag/graph.js';

/** A place in a column: a task, or a piece of an edge that passes by. */
export interface Place {
  /** The task's index, or that of the task whose edge passes. */
  readonly task: number;
  readonly passing: boolean;
  /** The places of the next column that an edge leads to. */
  readonly next: Place[];
  readonly previous: Place[];
  row: number;
}

/** Columns of places, left to right. */
export type Layout = Place[][];

/**
 * A layered layout of a dag: every task right of all that it needs, few crossings, rows that keep joined tasks level.
 * With `apart`, no task stands on a row that a foreign task of the column before has.
 */
export function layoutOf(dag: Dag, apart: boolean): Layout {
  let top = 0;
  const layout: Layout = [];
  for (const columns of components(columnsOf(dag))) {
    for (let sweep = 0; sweep < 8; sweep += 1) order(columns, sweep % 2 === 0);
    placeRows(columns, apart);
    const rows = columns.flat().map((place) => place.row);
    const least = Math.min(...rows);
    for (const place of columns.flat()) place.row += top - least;
    top += Math.max(...rows) - least + 2;
    for (const [index, column] of columns.entries()) (layout[index] ??= []).push(...column);
  }
  return layout;
}

function columnsOf(dag: Dag): Layout {
  const graph = graphOf(dag);
  const level = levels(graph);
  const columns: Layout = [];
  const places: Place[] = [];
  for (let task = 0; task < graph.size; task += 1) {
    const place: Place = { task, passing: false, next: [], previous: [], row: 0 };
    places.push(place);
    (columns[level[task] ?? 0] ??= []).push(place);
  }
  for (const from of places) {
    // All edges of a task that pass the same column pass it together.
    let last = from;
    let at = (level[from.task] ?? 0) + 1;
    const targets = [...neighbours(graph.dependents, from.task)].sort((a, b) => (level[a] ?? 0) - (level[b] ?? 0));
    for (const target of targets) {
      for (; at < (level[target] ?? 0); at += 1) {
        const passing: Place = { task: from.task, passing: true, next: [], previous: [], row: 0 };
        join(last, passing);
        columns[at]?.push(passing);
        last = passing;
      }
      const to = places[target];
      if (to !== undefined) join(last, to);
    }
  }
  return columns;
}

function join(from: Place, to: Place): void {
  from.next.push(to);
  to.previous.push(from);
}

/** The connected parts, each with its own columns. */
function components(columns: Layout): Layout[] {
  const parts: Layout[] = [];
  const seen = new Set<Place>();
  for (const root of columns.flat()) {
    if (seen.has(root)) continue;
    const part = new Set([root]);
    for (const place of part) for (const other of [...place.next, ...place.previous]) part.add(other);
    for (const place of part) seen.add(place);
    parts.push(
      columns.map((column) => column.filter((place) => part.has(place))).filter((column) => column.length > 0),
    );
  }
  return parts;
}

/** Sorts every column by the middle of its neighbours, going right or left. */
function order(columns: Layout, right: boolean): void {
  const sequence = right ? columns : columns.toReversed();
  for (const [index, column] of sequence.entries()) {
    const before = sequence[index - 1];
    if (before === undefined) continue;
    const position = new Map(before.map((place, at) => [place, at]));
    const middle = new Map(
      column.map((place, at) => {
        const at2 = (right ? place.previous : place.next).map((one) => position.get(one) ?? 0);
        return [place, at2.length === 0 ? at : at2.reduce((a, b) => a + b, 0) / at2.length];
      }),
    );
    column.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
  }
}

function placeRows(columns: Layout, apart: boolean): void {
  for (const [index, column] of columns.entries()) {
    const before = columns[index - 1] ?? [];
    const sources = new Map(before.map((place) => [place.row, place]));
    const wanted = column.map((place, at) => (place.previous.length === 0 ? at : middleRow(place.previous)));
    let row = Number.NEGATIVE_INFINITY;
    for (const [at, ideal] of spread(wanted).entries()) {
      const place = column[at];
      if (place === undefined) continue;
      row = Math.max(row + 1, ideal);
      while (!mayStand(place, sources.get(row), apart)) row += 1;
      place.row = row;
    }
  }
}

function middleRow(places: readonly Place[]): number {
  const rows = places.map((place) => place.row);
  return (Math.min(...rows) + Math.max(...rows)) / 2;
}

function mayStand(place: Place, source: Place | undefined, apart: boolean): boolean {
  if (source === undefined) return true;
  if (!place.previous.includes(source)) return false;
  return !apart || (place.previous.length === 1 && source.next.length === 1);
}

/** Whole numbers near the wanted ones, rising by at least 1: neighbours that want the same are spread around it. */
function spread(wanted: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, want] of wanted.entries()) {
    let block = { sum: want - index, count: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum / last.count > block.sum / block.count;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = { sum: last.sum + block.sum, count: last.count + block.count };
    }
    blocks.push(block);
  }
  return blocks
    .flatMap((block) => Array.from({ length: block.count }, () => block.sum / block.count))
    .map((value, index) => Math.round(value) + index);
}
