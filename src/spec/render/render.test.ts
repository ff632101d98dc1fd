import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dag } from '../../dag/dag.js';
import { toDot } from './dot.js';
import { toMermaid } from './mermaid.js';
import { toTerminal } from './terminal.js';

function dagOf(needs: Readonly<Record<string, readonly string[]>>): Dag {
  return {
    name: 'drawn',
    params: {},
    tasks: Object.entries(needs).map(([name, list]) => ({
      name,
      uses: 'shell',
      with: { run: 'true' },
      needs: list.map((task) => ({ task })),
    })),
  };
}

function edgesOf(dag: Dag): string[] {
  return dag.tasks.flatMap((task) => task.needs.map((need) => `${need.task} -> ${task.name}`)).sort();
}

const DOWN_OF = '│├┤┬╭╮┼';
const UP_OF = '│├┤┴╰╯┼';
const RIGHT_OF = '─├┬┴╭╰┼▸';

/** The edges that a reader of the picture sees, following each line to the right, never back to the left. */
function readEdges(picture: string): string[] {
  const rows = picture.split('\n').map((row) => row.split(''));
  const edges = new Set<string>();
  for (const [row, cells] of rows.entries()) {
    for (const { 0: name, index } of cells.join('').matchAll(/[\w-]+/g)) {
      const open: [row: number, at: number, direction: 'right' | 'up' | 'down'][] = [
        [row, index + name.length + 1, 'right'],
      ];
      const seen = new Set<string>();
      for (const [y, x, direction] of open) {
        const key = `${y} ${x} ${direction}`;
        if (seen.has(key)) continue;
        seen.add(key);
        const glyph = rows[y]?.[x] ?? ' ';
        if (glyph === ' ') {
          const target = direction === 'right' ? /^ ([\w-]+)/.exec((rows[y] ?? []).slice(x).join(''))?.[1] : undefined;
          if (target !== undefined) edges.add(`${name} -> ${target}`);
          continue;
        }
        if (glyph === '│' || (glyph === '▸' && direction === 'right')) {
          open.push(direction === 'right' ? [y, x + 1, direction] : [y + (direction === 'up' ? -1 : 1), x, direction]);
          continue;
        }
        if (RIGHT_OF.includes(glyph)) open.push([y, x + 1, 'right']);
        if (direction !== 'down' && UP_OF.includes(glyph)) open.push([y - 1, x, 'up']);
        if (direction !== 'up' && DOWN_OF.includes(glyph)) open.push([y + 1, x, 'down']);
      }
    }
  }
  return [...edges].sort();
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const fan = dagOf({
  split: [],
  ...Object.fromEntries(months.map((month) => [month, ['split']])),
  join: months,
  report: ['join'],
});

const randomDag = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc
    .tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.subarray(
          Array.from({ length: index }, (__, at) => `t${at}`),
          { maxLength: Math.min(index, 3) },
        ),
      ),
    )
    .map((needs) => dagOf(Object.fromEntries((needs as string[][]).map((list, index) => [`t${index}`, list])))),
);

/** Two or three full columns, each task needing any of those of the column before: many lines, many meetings. */
const layeredDag = fc
  .array(fc.array(fc.nat(15), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 })
  .map((layers) => {
    const needs: Record<string, string[]> = { a0: [], a1: [], a2: [], a3: [] };
    let before = Object.keys(needs);
    for (const [layer, masks] of layers.entries()) {
      const names = masks.map((_, index) => `${'bc'[layer]}${index}`);
      for (const [index, mask] of masks.entries()) {
        needs[names[index] ?? ''] = before.filter((__, bit) => ((mask >> bit) & 1) === 1);
      }
      before = names;
    }
    return dagOf(needs);
  });

describe('toTerminal', () => {
  it('draws a fan-out and its join', () => {
    expect(toTerminal(fan, { width: 60 })).toBe(`       ╭── jan ─╮
       ├── feb ─┤
       ├── mar ─┤
       ├── apr ─┤
       ├── may ─┤
split ─┼── jun ─┤
       ├── jul ─┼── join ── report
       ├── aug ─┤
       ├── sep ─┤
       ├── oct ─┤
       ├── nov ─┤
       ╰── dec ─╯
`);
  });

  it('draws a chain, a diamond and unconnected parts', () => {
    expect(toTerminal(dagOf({ a: [], b: ['a'], deploy: ['b'] }))).toBe('a ── b ── deploy\n');
    expect(toTerminal(dagOf({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'], x: [], y: ['x'], z: [] }))).toBe(`a ─┬── b ─╮
   ╰── c ─┴── d

x ──── y

z
`);
  });

  it('draws exactly the edges of any dag', () => {
    fc.assert(
      fc.property(fc.oneof(randomDag, layeredDag), (dag) => {
        const picture = toTerminal(dag, { width: 1_000 });
        expect(readEdges(picture), picture).toEqual(edgesOf(dag));
      }),
      { numRuns: 2_000 },
    );
  });

  it('cuts long names in the middle where the width asks for it, and lists the tasks where that is not enough', () => {
    const long = dagOf({ 'aggregate-january': [], 'aggregate-february': ['aggregate-january'] });
    expect(toTerminal(long, { width: 80 })).toBe('aggregate-january ── aggregate-february\n');
    expect(toTerminal(long, { width: 30 })).toBe('aggreg…anuary ── aggreg…bruary\n');
    const alike = 'level 1\n  aggregate-january\nlevel 2\n  aggregate-february <- aggregate-january\n';
    expect(toTerminal(long, { width: 22 })).toBe(alike);
  });

  it('never draws wider than the terminal', () => {
    fc.assert(
      fc.property(randomDag, fc.integer({ min: 30, max: 80 }), (dag, width) => {
        const longest = Math.max(
          ...toTerminal(dag, { width })
            .split('\n')
            .map((line) => line.length),
        );
        expect(longest).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('lists the tasks of a large dag by level', () => {
    const names = Array.from({ length: 100 }, (_, index) => `part-${index}`);
    const large = dagOf({ split: [], ...Object.fromEntries(names.map((name) => [name, ['split']])), join: names });
    const lines = toTerminal(large, { width: 60 }).split('\n');
    expect(lines.slice(0, 4)).toEqual(['level 1', '  split', 'level 2', '  part-0 <- split']);
    expect(lines.at(-2)).toBe('  join <- part-0, part-1, part-2, part-3, part-4 and 95 more');
  });

  it('colours lines only', () => {
    const chain = dagOf({ a: [], b: ['a'] });
    expect(toTerminal(chain, { color: true })).toBe('a \u001b[90m──\u001b[39m b\n');
  });
});

describe('toMermaid', () => {
  it('writes tasks, edges and weights, and escapes labels', () => {
    const dag = dagOf({ 'a"b': [], end: [] });
    const weighted = {
      ...dag,
      tasks: dag.tasks.map((task) => (task.name === 'end' ? { ...task, needs: [{ task: 'a"b', weight: 2 }] } : task)),
    };
    expect(toMermaid(weighted)).toBe('flowchart LR\n  t0["a#34;b"]\n  t1["end"]\n  t0 -->|2s| t1\n');
  });
});

describe('toDot', () => {
  it('writes tasks, edges, weights and descriptions, and escapes text', () => {
    const dag: Dag = {
      name: 'd',
      params: {},
      tasks: [
        { name: 'a', description: 'says "hi"\\\nbye', uses: 'shell', with: {}, needs: [] },
        { name: 'b', uses: 'shell', with: {}, needs: [{ task: 'a', weight: 3 }] },
      ],
    };
    expect(toDot(dag)).toBe(`digraph "d" {
  rankdir=LR;
  node [shape=box, style=rounded];
  "a" [tooltip="says \\"hi\\"\\\\\\nbye"];
  "b";
  "a" -> "b" [label="3s"];
}
`);
  });
});
