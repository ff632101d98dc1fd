import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { DEFAULT_CONCURRENCY } from '../../dag/dag.js';
import { DagwrightError } from '../../dag/errors.js';
import { POLICY_NAMES } from '../../dag/policy.js';
import type { BetweenRuns } from '../../simulator/between-runs.js';
import type { PlanFormat } from '../../simulator/formats/plan-format.js';
import { OPTIMIZED, simulateOptimized } from '../../simulator/optimized.js';
import { planOf, type Plan } from '../../simulator/plan.js';
import { figuresOf, resultsOf, type SimulationResult } from '../../simulator/results.js';
import type { Schedule } from '../../simulator/schedule.js';
import { simulate as simulatePlans } from '../../simulator/simulate.js';
import { EXIT } from '../exit-code.js';
import { ganttSvg } from '../gantt/gantt-svg.js';
import { renderGantt } from '../gantt/render-gantt.js';
import { loadDag } from '../load-dag.js';
import { outputHasColors, outputWidth, print, printError, printJson } from '../output.js';
import type { ServerFlags } from '../server-flags.js';
import { describeSchedule } from '../simulation/described-schedule.js';
import { readPlan } from '../simulation/read-plan.js';
import { renderResults } from '../simulation/render-results.js';

export interface SimulateOptions extends ServerFlags {
  readonly policy?: readonly string[];
  readonly placement?: string;
  readonly workers?: number;
  readonly format?: PlanFormat;
  readonly fromRun?: string;
  readonly between: BetweenRuns;
  readonly seed: number;
  readonly failures: number;
  readonly speeds: readonly [least: number, most: number];
  readonly gantt?: true;
  readonly svg?: string;
  readonly json?: true;
}

/** Tasks of a chart. */
const MOST_CHARTED = 50;

/** Milliseconds that are spent on searching the best order of one file, at most. */
const SEARCH_TIME = 1_000;

/** `dagwright simulate FILE...` */
export async function simulate(files: readonly string[], options: SimulateOptions): Promise<number> {
  if (options.placement !== undefined) {
    throw new DagwrightError('USAGE', 'There are no placements: all slots are of one group of workers.', {
      hint: 'Leave out --placement.',
    });
  }
  const plans = await plansOf(files, options);
  const workers = options.workers ?? Math.max(...plans.map(({ dag }) => dag.concurrency ?? DEFAULT_CONCURRENCY));
  const { between, seed, failures, speeds } = options;
  const settings = { workers, between, seed, failures, speeds };
  const schedules = (options.policy ?? POLICY_NAMES).map((policy) =>
    policy === OPTIMIZED
      ? simulateOptimized(plans, settings, () => ({ seed, isOver: within(SEARCH_TIME) }))
      : simulatePlans(plans, { ...settings, policy }),
  );
  if (options.svg !== undefined) await writeCharts(options.svg, schedules, options.json === true);
  const results = schedules.flatMap(resultsOf);
  if (options.json) {
    printJson({
      results: results.map(({ meanWaiting: _waiting, state: _state, ...result }): SimulationResult => result),
    });
    return EXIT.succeeded;
  }
  if (options.gantt) printCharts(schedules);
  const figures = plans.map((plan) => ({
    file: plan.name,
    figures: figuresOf(plan, schedules[0]!.speeds, failures),
  }));
  const slots = `${workers} slot${workers === 1 ? '' : 's'}`;
  print(plans.length === 1 ? slots : `${slots}, shared by ${plans.length} files that arrive together`);
  print(renderResults(results, figures, { width: outputWidth(), color: outputHasColors() }));
  return EXIT.succeeded;
}

async function plansOf(files: readonly string[], options: SimulateOptions): Promise<Plan[]> {
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) {
    throw new DagwrightError('USAGE', `The file ${twice} is there twice.`, { hint: 'Name each file once.' });
  }
  const { fromRun } = options;
  if (fromRun === undefined) {
    if (files.length > 0) return Promise.all(files.map((file) => readPlan(file, options.format)));
    throw new DagwrightError('USAGE', 'There is no file to simulate.', {
      hint: 'Name files, or a run that has ended with --from-run.',
    });
  }
  const [file] = files;
  if (files.length > 1) {
    throw new DagwrightError('USAGE', `--from-run goes with one file; there are ${files.length}.`, {
      hint: 'Name the file of the dag that ran, or none.',
    });
  }
  const { withClient } = await import('../server.js');
  const { dagOfRun, observeRun } = await import('../simulation/observed-run.js');
  return withClient(options, async ({ client }) => {
    const observed = await observeRun(client, fromRun);
    if (file === undefined) return [planOf(fromRun, await dagOfRun(client, fromRun), observed)];
    const { dag } = await loadDag(file);
    return [planOf(file, dag, observed)];
  });
}

/** Tells, from now on, whether so many milliseconds are over. */
function within(milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds;
  return () => performance.now() > end;
}

function printCharts(schedules: readonly Schedule[]): void {
  const begins = Date.now();
  for (const { policy, runs } of schedules) {
    for (const run of runs) {
      const description = describeSchedule(run, policy, begins);
      const screen = { width: outputWidth(), most: MOST_CHARTED, now: begins + run.endedAt, color: outputHasColors() };
      print(`${renderGantt(description, screen)}\n`);
    }
  }
}

async function writeCharts(path: string, schedules: readonly Schedule[], isQuiet: boolean): Promise<void> {
  const begins = Date.now();
  for (const { policy, runs } of schedules) {
    for (const run of runs) {
      const parts = [
        ...(runs.length > 1 ? [basename(run.plan.name).replaceAll(/[^\w.-]/g, '_')] : []),
        ...(schedules.length > 1 ? [policy.replaceAll(',', '+')] : []),
      ];
      const file = chartFile(path, parts);
      const picture = ganttSvg(describeSchedule(run, policy, begins), { now: begins + run.endedAt });
      try {
        await writeFile(file, picture);
      } catch (cause) {
        throw new DagwrightError('USAGE', `The picture cannot be written: ${(cause as Error).message}`, {
          hint: 'Give --svg the path of a file in a folder that is there.',
          cause,
        });
      }
      if (!isQuiet) printError(`Written to ${file}.`);
    }
  }
}

/** `plan.svg` of `fcfs` is `plan.fcfs.svg`. */
function chartFile(path: string, parts: readonly string[]): string {
  const extension = extname(path);
  const stem = extension === '' ? path : path.slice(0, -extension.length);
  return [stem, ...parts].join('.') + (extension === '' ? '.svg' : extension);
}
