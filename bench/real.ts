/**
 * `npm run bench:real`: dags of tasks that sleep, on Temporal with 4 slots, against what the simulator says of them. The
 * overhead of a task is measured beside it, by a chain of tasks that do nothing. See docs/simulator.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPolicy } from '../src/policy/policies.js';
import { loadConfig } from '../src/config.js';
import type { Dag, Task } from '../src/dag/dag.js';
import { startDevServer } from '../src/dev/dev-server.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';
import { numbersOf } from '../src/simulator/draws.js';
import { planOf } from '../src/simulator/plan.js';
import { simulate } from '../src/simulator/simulate.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { chainDag } from './shapes.js';

const SLOTS = 4;
const CHAIN = 20;
const DAGS = 5;
const POLICIES = ['fcfs', 'sjf', 'critical-path'] as const;
const MOST = 1.1;

/** 24 tasks that take 0.2 to 1.5 s, each of which needs up to two of those before it. */
function sleepingDag(seed: number): Dag {
  const draw = numbersOf(seed, 0);
  const tasks = Array.from({ length: 24 }, (_, task): Task => {
    const estimate = 200 + Math.floor(draw() * 1_300);
    const needs = [draw(), draw()].filter(() => task > 0 && draw() < 0.5).map((at) => Math.floor(at * task));
    return {
      name: `task-${task}`,
      uses: 'function',
      with: { name: 'sleep', input: estimate },
      needs: [...new Set(needs)].map((needed) => ({ task: `task-${needed}` })),
      estimate,
    };
  });
  return { name: `sleeping-${seed}`, params: {}, concurrency: SLOTS, tasks };
}

const folder = await mkdtemp(join(tmpdir(), 'dagwright-bench-'));
const config = loadConfig({ ...process.env, DAGWRIGHT_STATE: folder });
const cli = await findTemporalCli(config);
const server = await startDevServer({ cli, dbFile: join(folder, 'real.db'), port: 17_335, uiPort: 'none' });
const worker = await DagWorker.start({
  address: server.address,
  functions: [
    { name: 'noop', run: () => undefined },
    { name: 'sleep', run: (milliseconds) => sleep(Number(milliseconds)).then(() => undefined) },
  ],
  config,
});

async function secondsOf(dag: Dag): Promise<number> {
  const run = await worker.client.start(dag);
  const { status, startedAt, endedAt } = await run.result();
  if (status !== 'succeeded') throw new Error(`The run ended ${status}.`);
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

try {
  console.log(`load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`);
  await secondsOf(chainDag(CHAIN));
  const ratios: number[] = [];
  console.log('dag  policy          simulated   real   overhead of a task   real less overhead / simulated');
  for (let seed = 1; seed <= DAGS; seed++) {
    for (const policy of POLICIES) {
      const dag = { ...sleepingDag(seed), policy };
      const overhead = (await secondsOf(chainDag(CHAIN))) / CHAIN;
      const [run] = simulate([planOf(dag.name, dag)], { policy, workers: SLOTS, createPolicy }).runs;
      const simulated = run!.endedAt / 1_000;
      // On the slot that had most tasks, so many overheads come one after the other.
      const most = Math.max(...countsBySlot(run!.tasks));
      const real = await secondsOf(dag);
      const ratio = (real - most * overhead) / simulated;
      ratios.push(ratio);
      const cells = [simulated.toFixed(2).padStart(9), real.toFixed(2).padStart(6), overhead.toFixed(3).padStart(20)];
      console.log(
        `${String(seed).padStart(3)}  ${policy.padEnd(14)} ${cells.join(' ')} ${ratio.toFixed(3).padStart(32)}`,
      );
    }
  }
  const middle = median(ratios);
  const verdict = `at most ${MOST}: ${middle <= MOST ? 'met' : 'missed'}`;
  console.log(
    `median ${middle.toFixed(3)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}), ${verdict}`,
  );
  process.exitCode = middle <= MOST ? 0 : 1;
} finally {
  await worker.shutdown();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

function countsBySlot(tasks: readonly { readonly slot: number | undefined }[]): number[] {
  const counts = Array.from({ length: SLOTS }, () => 0);
  for (const { slot } of tasks) if (slot !== undefined) counts[slot]!++;
  return counts;
}
