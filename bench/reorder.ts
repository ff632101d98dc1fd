/**
 * `npm run bench:reorder`: how long it takes to order 100,000 ready tasks anew where the policy of a live run is swapped, and
 * what a decision costs then, against one among 1,000 ready tasks. Processor time: other programs do not count.
 */
import { availableParallelism, loadavg } from 'node:os';
import { buildGraph } from '../src/dag/graph.js';
import { POLICY_NAMES } from '../src/dag/policy.js';
import { Scheduler } from '../src/dag/scheduler.js';
import { createPolicy } from '../src/policy/policies.js';

const LARGE = 100_000;
const SMALL = 1_000;
const DECISIONS = 500;
const ROUNDS = 5;
const MOST_MILLISECONDS = 200;
const POLICIES = [...POLICY_NAMES, 'priority,fair,sjf'];

/** A run with so many ready tasks behind the one that runs; no two alike. */
function runWith(size: number): Scheduler {
  const scheduler = new Scheduler(buildGraph(size + 1, [], []), {
    concurrency: 1,
    createPolicy,
    traits: (task) => ({
      estimate: (task * 7_919) % 104_729,
      priority: (task * 31) % 10,
      deadline: (task * 17) % 10_007,
      group: `group-${task % 20}`,
    }),
  });
  scheduler.handle({ type: 'run.began', at: 0 });
  return scheduler;
}

/** Milliseconds of the processor. */
function took(what: () => void): number {
  const before = process.cpuUsage();
  what();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Microseconds of one decision: a task ends, and the next one starts. */
function decision(scheduler: Scheduler): number {
  let at = 1;
  let running = scheduler.tasks.state.findIndex((_, task) => scheduler.tasks.is(task, 'running'));
  const milliseconds = took(() => {
    for (let left = DECISIONS; left > 0; left--) {
      const [start] = scheduler.handle({ type: 'task.ended', at: ++at, task: running, outcome: 'succeeded' });
      if (start?.type !== 'task.start') throw new Error('No task started.');
      running = start.task;
    }
  });
  return (milliseconds * 1_000) / DECISIONS;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

console.log(
  `load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores, medians of ${ROUNDS}, processor time`,
);
console.log(`policy             ${LARGE} ready tasks re-ordered   a decision among them   among ${SMALL}`);
let missed = false;
for (const policy of POLICIES) {
  const reordered: number[] = [];
  const large: number[] = [];
  const small: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const many = runWith(LARGE);
    reordered.push(took(() => many.handle({ type: 'policy.set', at: 1, policy })));
    large.push(decision(many));
    const few = runWith(SMALL);
    few.handle({ type: 'policy.set', at: 1, policy });
    small.push(decision(few));
  }
  const milliseconds = median(reordered);
  missed ||= milliseconds > MOST_MILLISECONDS;
  const cells = [
    `${milliseconds.toFixed(0)} ms`.padStart(22),
    `${median(large).toFixed(1)} us`.padStart(23),
    `${median(small).toFixed(1)} us`.padStart(12),
  ];
  console.log(`${policy.padEnd(18)} ${cells.join(' ')}`);
}
console.log(`at most ${MOST_MILLISECONDS} ms: ${missed ? 'missed' : 'met'}`);
process.exitCode = missed ? 1 : 0;
