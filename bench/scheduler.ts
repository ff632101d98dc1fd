/**
 * The scheduler alone, without a host: run with `npx tsx bench/scheduler.ts [TASKS]`. Prints the time of 1,000,000 tasks
 * (or so many) with 3 edges each from the edge list to the end, the peak of memory, and the time per task against that
 * of a hundredth of the tasks.
 */
import { performance } from 'node:perf_hooks';
import { buildGraph, topologicalOrder } from '../src/dag/graph.js';
import { Scheduler } from '../src/dag/scheduler.js';
import { createPolicy } from '../src/policy/policies.js';

/** Seconds, MiB and the ratio of times per task that are to be met, at 1,000,000 tasks. */
const TARGETS = { seconds: 3, mebibytes: 1_024, ratio: 2 };

const LARGE = Number(process.argv[2] ?? 1_000_000);
const SMALL = Math.ceil(LARGE / 100);
const EDGES_PER_TASK = 3;
const CONCURRENCY = 500;
/** How far back the needs of a task lie in the dag that is like those that people write. */
const REACH = 1_000;

interface Edges {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/**
 * The same edges each time, in the order in which a dag lists them: each task needs three that come before it, at most
 * `reach` before.
 */
function randomEdges(size: number, reach: number): Edges {
  const from = new Int32Array(size * EDGES_PER_TASK);
  const to = new Int32Array(size * EDGES_PER_TASK);
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let edge = 0;
  for (let task = 3; task < size; task++) {
    // The first three tasks can need no three others: nine tasks after them make up for it.
    const needs = task >= 4 && task < 13 ? 4 : 3;
    const span = Math.min(task, reach);
    const first = random(span);
    for (let i = 0; i < needs; i++) {
      from[edge] = task - 1 - ((first + i * Math.floor(span / needs)) % span);
      to[edge++] = task;
    }
  }
  return { from, to };
}

/** Milliseconds from the edge list to the end of the run. Tasks end in the order in which they started. */
function walk(size: number, { from, to }: Edges): { build: number; run: number; edges: number } {
  const start = performance.now();
  const graph = buildGraph(size, from, to);
  const built = performance.now();
  const scheduler = new Scheduler(graph, { concurrency: CONCURRENCY, createPolicy });
  const inFlight = new Int32Array(size);
  let started = 0;
  let ended = 0;
  let at = 0;
  let instructions = scheduler.handle({ type: 'run.began', at });
  for (;;) {
    for (const instruction of instructions)
      if (instruction.type === 'task.start') inFlight[started++] = instruction.task;
    if (ended === started) break;
    instructions = scheduler.handle({ type: 'task.ended', at: ++at, task: inFlight[ended++]!, outcome: 'succeeded' });
  }
  if (scheduler.state !== 'succeeded' || ended !== size)
    throw new Error(`The run is ${scheduler.state} after ${ended}.`);
  return { build: built - start, run: performance.now() - built, edges: graph.dependencies.targets.length };
}

/** Microseconds per task, of the scheduler and of a bare topological sort: what the machine's memory allows at best. */
interface Cost {
  scheduler: number;
  bare: number;
}

/** The best of several walks, of both sizes in turn, so that a busy machine slows both. */
function costs(reach: number): { small: Cost; large: Cost } {
  const small = { size: SMALL, edges: randomEdges(SMALL, reach), cost: { scheduler: Infinity, bare: Infinity } };
  const large = {
    size: LARGE,
    edges: randomEdges(LARGE, reach),
    cost: { scheduler: Infinity, bare: Infinity },
  };
  for (let round = 0; round < 5; round++) {
    for (const { size, edges, cost } of [...Array<typeof small>(20).fill(small), large]) {
      const { build, run } = walk(size, edges);
      cost.scheduler = Math.min(cost.scheduler, ((build + run) * 1_000) / size);
      const start = performance.now();
      topologicalOrder(buildGraph(size, edges.from, edges.to));
      cost.bare = Math.min(cost.bare, ((performance.now() - start) * 1_000) / size);
    }
  }
  return { small: small.cost, large: large.cost };
}

function report(what: string, small: number, large: number, target?: number): void {
  const ratio = large / small;
  console.log(
    `  ${what}: ${small.toFixed(2)} us at ${count(SMALL)}, ${large.toFixed(2)} us at ${count(LARGE)}, ` +
      `ratio ${ratio.toFixed(2)}${target === undefined ? '' : against(ratio, target)}`,
  );
}

function against(value: number, target: number): string {
  return LARGE < 1_000_000 ? '' : `, target ${target}: ${value <= target ? 'met' : 'MISSED'}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

for (const [shape, reach] of [
  [`each needs three of the ${count(REACH)} before it`, REACH],
  ['each needs any three before it', Infinity],
] as const) {
  const { build, run, edges } = walk(LARGE, randomEdges(LARGE, reach));
  const seconds = (build + run) / 1_000;
  console.log(
    `${count(LARGE)} tasks, ${count(edges)} edges, ${shape}: ${seconds.toFixed(2)} s${against(seconds, TARGETS.seconds)}`,
  );
  console.log(`  graph ${build.toFixed(0)} ms, run ${run.toFixed(0)} ms`);
  const { small, large } = costs(reach);
  report('per task', small.scheduler, large.scheduler, TARGETS.ratio);
  report('the same by a bare topological sort', small.bare, large.bare);
}
const mebibytes = process.resourceUsage().maxRSS / 1_024;
console.log(`peak memory ${mebibytes.toFixed(0)} MiB${against(mebibytes, TARGETS.mebibytes)}`);
