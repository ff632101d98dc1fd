/**
 * `npm run bench:policy -- --data FOLDER`: how far each policy is above the optimum, or a lower bound, on public sets. The
 * folder has stg/answers.csv with stg/50 and stg/100, wfinstances, and psplib/j30 with psplib/j30_best_known.csv. See docs/simulator.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { OPTIMIZED, POLICY_NAMES } from '../src/dag/policy.js';
import { numbersOf } from '../src/simulator/draws.js';
import { parsePsplib } from '../src/simulator/formats/psplib.js';
import { parseStg } from '../src/simulator/formats/stg.js';
import { parseWfFormat } from '../src/simulator/formats/wfformat.js';
import type { Plan } from '../src/simulator/plan.js';
import { simulateOptimized } from '../src/simulator/optimized.js';
import { resultsOf } from '../src/simulator/results.js';
import type { Schedule } from '../src/simulator/schedule.js';
import { simulate } from '../src/simulator/simulate.js';

/** Per cent above the optimum on average, and the share of cases that are optimal, in per cent. */
interface Target {
  readonly above: number;
  readonly optimal?: number;
  /** The policy that it is to be better than. */
  readonly betterThan?: string;
}

/** One graph on so many slots, and what no schedule can beat. */
interface Case {
  readonly plan: Plan;
  readonly workers: number;
  /** Seconds. Default: the lower bound of the schedule. */
  readonly best?: number;
}

/** How many mixes of runs are measured. */
const MIXES = 11;
/** What may decide between them. */
const BETWEEN = ['fcfs', 'fair', 'srtf'] as const;
/** Milliseconds of search for one case. */
const SEARCH_TIME = 1_000;

const { values } = parseArgs({ options: { data: { type: 'string' } } });
if (values.data === undefined) throw new Error('Say where the sets are: npm run bench:policy -- --data FOLDER');
const data = values.data;
let missed = 0;

const stg = stgCases();
measure(`STG: ${stg.length} cases with a known optimum, above it`, stg, {
  'critical-path': { above: 0.3, optimal: 76 },
  optimized: { above: 0.05, optimal: 92 },
});
for (const workers of [...new Set(stg.map((one) => one.workers))].sort((a, b) => a - b)) {
  measure(
    `  on ${workers} processors`,
    stg.filter((one) => one.workers === workers),
    {},
  );
}
const traces = wfPlans();
measure(
  `WfCommons: ${traces.length} traces on 16 slots, above the lower bound`,
  traces.map((plan) => ({ plan, workers: 16 })),
  { 'critical-path': { above: 6.7 }, optimized: { above: 6.7, betterThan: 'critical-path' } },
);
measureBetween();
const projects = psplibCases();
measure(`PSPLIB j30: ${projects.length} projects with four pools, above the best known`, projects, {
  'critical-path': { above: 4.5 },
  optimized: { above: 1.5 },
});
if (missed > 0) console.log(`\n${missed} targets missed.`);
process.exitCode = missed > 0 ? 1 : 0;

function stgCases(): Case[] {
  const [, ...lines] = readFileSync(join(data, 'stg/answers.csv'), 'utf8').trim().split(/\r?\n/);
  const plans = new Map<string, Plan>();
  return lines.flatMap((line) => {
    const [file = '', workers, lower, upper] = line.split(',');
    if (lower !== upper) return [];
    const plan = plans.get(file) ?? parseStg(file, readFileSync(join(data, 'stg', file), 'utf8'));
    plans.set(file, plan);
    return [{ plan, workers: Number(workers), best: Number(lower) }];
  });
}

function psplibCases(): Case[] {
  const [, ...lines] = readFileSync(join(data, 'psplib/j30_best_known.csv'), 'utf8').trim().split(/\r?\n/);
  return lines.map((line) => {
    const [problem = '', , upper] = line.split(',');
    const file = `${problem}.sm`;
    const plan = parsePsplib(file, readFileSync(join(data, 'psplib/j30', file), 'utf8'));
    // Only its pools are scarce.
    return { plan, workers: plan.dag.tasks.length, best: Number(upper) };
  });
}

function wfPlans(): Plan[] {
  const folder = join(data, 'wfinstances');
  return readdirSync(folder)
    .sort()
    .map((file) => parseWfFormat(file, gunzipSync(readFileSync(join(folder, file))).toString('utf8')));
}

function measure(title: string, cases: readonly Case[], targets: Readonly<Record<string, Target>>): void {
  console.log(`\n${title}`);
  console.log(row('policy', 'mean', 'median', '90 %', 'worst', 'optimal'));
  const means = new Map<string, number>();
  for (const policy of [...POLICY_NAMES, OPTIMIZED]) {
    const above = cases.map(({ plan, workers, best }) => {
      const [result] = resultsOf(scheduled(plan, policy, workers));
      if (result === undefined) throw new Error('The simulator gave nothing.');
      const { makespan, lowerBound } = result;
      if (makespan < (best ?? lowerBound) || makespan < lowerBound) {
        throw new Error(`${plan.name} by ${policy} on ${workers}: ${makespan} s is below ${best ?? lowerBound} s.`);
      }
      return 100 * (makespan / (best ?? lowerBound) - 1);
    });
    above.sort((a, b) => a - b);
    const mean = above.reduce((sum, value) => sum + value, 0) / above.length;
    means.set(policy, mean);
    const optimal = (100 * above.filter((value) => value === 0).length) / above.length;
    const at = (share: number): number => above[Math.min(above.length - 1, Math.floor(share * above.length))]!;
    const cells = [mean, at(0.5), at(0.9), at(1)].map((value) => `${value.toFixed(2)} %`);
    const line = row(policy, ...cells, `${optimal.toFixed(1)} %`);
    console.log(`${line}${against(targets[policy], means, mean, optimal)}`);
  }
}

function scheduled(plan: Plan, policy: string, workers: number): Schedule {
  if (policy !== OPTIMIZED) return simulate([plan], { policy, workers });
  const end = performance.now() + SEARCH_TIME;
  return simulateOptimized([plan], { workers }, () => ({ isOver: () => performance.now() > end }));
}

function against(
  target: Target | undefined,
  means: ReadonlyMap<string, number>,
  mean: number,
  optimal: number,
): string {
  if (target === undefined) return '';
  const { above, optimal: least, betterThan } = target;
  // As the targets are written.
  const isMet = Number(mean.toFixed(2)) <= above && optimal >= (least ?? 0);
  const isBetter = betterThan === undefined || mean < means.get(betterThan)!;
  if (!isMet || !isBetter) missed++;
  const wanted = [
    `at most ${above.toFixed(2)} %`,
    ...(least === undefined ? [] : [`optimal ${least} %`]),
    ...(betterThan === undefined ? [] : [`less than ${betterThan}`]),
  ];
  return `  ${isMet && isBetter ? 'meets' : 'MISSES'} the target: ${wanted.join(', ')}`;
}

/** Mixes of 20 traces, drawn with a seed, that arrive together, in the order in which they were drawn. */
function measureBetween(): void {
  console.log(`\n20 traces arrive together on 50 slots, critical path first within each: seconds to the end of one`);
  console.log(row('mix', ...BETWEEN, 'srtf/fcfs'));
  const ratios: number[] = [];
  for (let mix = 1; mix <= MIXES; mix++) {
    const draw = numbersOf(mix);
    const plans = Array.from({ length: 20 }, () => traces[Math.floor(draw() * traces.length)]!);
    const [fcfs, fair, srtf] = BETWEEN.map((between) => {
      const { runs } = simulate(plans, { policy: 'critical-path', workers: 50, between });
      return runs.reduce((sum, { endedAt }) => sum + endedAt, 0) / runs.length / 1_000;
    }) as [number, number, number];
    ratios.push(srtf / fcfs);
    console.log(row(String(mix), ...[fcfs, fair, srtf].map((mean) => mean.toFixed(0)), (srtf / fcfs).toFixed(2)));
  }
  ratios.sort((x, y) => x - y);
  const median = ratios[MIXES >> 1]!;
  if (median > 0.5) missed++;
  const range = `${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}`;
  console.log(`median ${median.toFixed(2)}, ${range}  ${median <= 0.5 ? 'meets' : 'MISSES'} the target: at most 0.50`);
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(14) + cells.map((cell) => cell.padStart(10)).join('');
}
