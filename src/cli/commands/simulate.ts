import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { DEFAULT_CONCURRENCY, type Dag } from '../../dag/dag.js';
import { DagwrightError } from '../../dag/errors.js';
import { DEFAULT_PLACEMENT, type PlacementName } from '../../dag/placement.js';
import { OPTIMIZED, POLICY_NAMES } from '../../dag/policy.js';
import { placementOf } from '../../dag/scheduler-options.js';
import type { WorkerGroup } from '../../dag/worker-group.js';
import type { BetweenRuns } from '../../simulator/between-runs.js';
import type { PlanFormat } from '../../simulator/formats/plan-format.js';
import { simulateOptimized } from '../../simulator/optimized.js';
import { planOf, type Observed, type Plan } from '../../simulator/plan.js';
import { figuresOf, namedFigures, resultsOf, type SimulationResult } from '../../simulator/results.js';
import type { Schedule } from '../../simulator/schedule.js';
import { simulate as simulatePlans, type SimulationOptions } from '../../simulator/simulate.js';
import { taskBeyondPool } from '../../simulator/shared-pools.js';
import { taskWithoutGroup } from '../../simulator/simulated-groups.js';
import { EXIT } from '../exit-code.js';
import { ganttSvg } from '../gantt/gantt-svg.js';
import { renderGantt } from '../gantt/render-gantt.js';
import { loadDag } from '../load-dag.js';
import { outputHasColors, outputWidth, print, printError, printJson } from '../output.js';
import { oneLine } from '../progress/text.js';
import type { ServerFlags } from '../server-flags.js';
import { describeSchedule } from '../simulation/described-schedule.js';
import { readPlan } from '../simulation/read-plan.js';
import { renderResults } from '../simulation/render-results.js';

export interface SimulateOptions extends ServerFlags {
  readonly policy?: readonly string[];
  readonly placement?: readonly PlacementName[];
  readonly group?: readonly WorkerGroup[];
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
  const plans = await plansOf(files, options);
  checkSharedPools(plans);
  const settings = settingsOf(plans, options);
  const schedules = (options.policy ?? POLICY_NAMES).flatMap((policy) =>
    placementsOf(plans, options).map((placement) =>
      scheduled(plans, { ...settings, policy, ...(placement === undefined ? {} : { placement }) }),
    ),
  );
  if (options.svg !== undefined) await writeCharts(options.svg, schedules, options.json === true);
  const results = schedules.flatMap(resultsOf);
  const { speeds } = schedules[0]!;
  const figures = plans.map((plan) => ({ file: plan.name, figures: figuresOf(plan, speeds, options.failures) }));
  if (options.json) {
    printJson({
      results: results.map(({ meanWaiting: _waiting, state: _state, ...result }): SimulationResult => result),
      figures: figures.map(({ file, figures: own }) => ({ file, ...namedFigures(own) })),
    });
    return EXIT.succeeded;
  }
  if (options.gantt) printCharts(schedules);
  print(roomText(plans, speeds.length, settings.groups));
  print(renderResults(results, figures, { width: outputWidth(), color: outputHasColors() }));
  return EXIT.succeeded;
}

/** @throws DagwrightError USAGE where the files share a pool that is too small for one of their tasks. */
function checkSharedPools(plans: readonly Plan[]): void {
  const beyond = plans.length > 1 ? taskBeyondPool(plans.map(({ dag }) => dag)) : undefined;
  if (beyond === undefined) return;
  const { task, pool, needs, has } = beyond;
  const whose = `The task ${task} of ${plans[beyond.dag]!.name}`;
  throw new DagwrightError(
    'USAGE',
    `${whose} needs ${needs} slots of the pool ${pool}, which the files share; it has ${has}.`,
    {
      hint: 'A shared pool is as the last file says that declares it. Name the files in another order, or give it more slots.',
    },
  );
}

type Settings = Omit<SimulationOptions, 'policy' | 'placement'>;

/** @throws DagwrightError USAGE where the flags, or they and the files, do not go together. */
function settingsOf(plans: readonly Plan[], { group, ...options }: SimulateOptions): Settings {
  const { between, seed, failures, speeds } = options;
  const shared = { between, seed, failures };
  if (group === undefined) {
    const workers = options.workers ?? Math.max(...plans.map(({ dag }) => dag.concurrency ?? DEFAULT_CONCURRENCY));
    return { ...shared, workers, speeds };
  }
  if (options.workers !== undefined || speeds[0] !== 1 || speeds[1] !== 1) {
    throw new DagwrightError('USAGE', 'Groups say their slots and speeds themselves.', {
      hint: 'Leave out --workers and --speeds, or --group.',
    });
  }
  for (const { name, dag } of plans) {
    const task = taskWithoutGroup(dag, group);
    if (task === undefined) continue;
    throw new DagwrightError('USAGE', `No group may run the task ${task.name} of ${name}.`, {
      hint: 'Give a group what it requires: its labels, cpu and memory.',
    });
  }
  return { ...shared, groups: group, workers: group.reduce((sum, { slots }) => sum + slots, 0) };
}

/** Undefined: all slots are of one group. */
function placementsOf(plans: readonly Plan[], { placement, group }: SimulateOptions): (PlacementName | undefined)[] {
  if (placement !== undefined) return [...placement];
  if (group === undefined) return [undefined];
  const own = plans.flatMap(({ dag }) => placementOf(dag) ?? []);
  return own.length === 0 ? [DEFAULT_PLACEMENT] : [...new Set(own)];
}

function scheduled(plans: readonly Plan[], options: SimulationOptions): Schedule {
  if (options.policy !== OPTIMIZED) return simulatePlans(plans, options);
  const { policy: _, ...settings } = options;
  return simulateOptimized(plans, settings, () => ({ seed: options.seed ?? 1, isOver: within(SEARCH_TIME) }));
}

/** What the files are simulated on. */
function roomText(plans: readonly Plan[], slots: number, groups: readonly WorkerGroup[] | undefined): string {
  const room = `${slots} slot${slots === 1 ? '' : 's'}${groups === undefined ? '' : ` in ${groups.length} groups`}`;
  const [only] = plans;
  if (plans.length === 1 && only !== undefined) return `${oneLine(only.name)} on ${room}`;
  return `${room}, shared by ${plans.length} files that arrive together`;
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
    requireSameDag(dag, fromRun, observed);
    return [planOf(file, dag, observed)];
  });
}

/** @throws DagwrightError USAGE where the run has none of the dag's tasks. */
function requireSameDag({ name, tasks }: Dag, run: string, { durations }: Observed): void {
  const isKnown = (task: string): boolean => durations.has(task) || durations.has(`${task}[0]`);
  if (durations.size === 0 || tasks.some((task) => isKnown(task.name))) return;
  throw new DagwrightError('USAGE', `The run ${run} has none of the tasks of ${name}.`, {
    hint: 'Name a run of this dag, or no file: then the dag is that of the run.',
  });
}

/** Tells, from now on, whether so many milliseconds are over. */
function within(milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds;
  return () => performance.now() > end;
}

function namedBy(policy: string, placement: PlacementName | null): string {
  return placement === null ? policy.replaceAll(',', '+') : `${policy.replaceAll(',', '+')} ${placement}`;
}

function printCharts(schedules: readonly Schedule[]): void {
  const begins = Date.now();
  for (const { policy, placement, runs } of schedules) {
    for (const run of runs) {
      const description = describeSchedule(run, namedBy(policy, placement), begins);
      const screen = { width: outputWidth(), most: MOST_CHARTED, now: begins + run.endedAt, color: outputHasColors() };
      print(`${renderGantt(description, screen)}\n`);
    }
  }
}

async function writeCharts(path: string, schedules: readonly Schedule[], isQuiet: boolean): Promise<void> {
  const begins = Date.now();
  for (const { policy, placement, runs } of schedules) {
    for (const run of runs) {
      const parts = [
        ...(runs.length > 1 ? [basename(run.plan.name).replaceAll(/[^\w.-]/g, '_')] : []),
        ...(schedules.length > 1 ? [namedBy(policy, placement).replaceAll(' ', '.')] : []),
      ];
      const file = chartFile(path, parts);
      const picture = ganttSvg(describeSchedule(run, namedBy(policy, placement), begins), {
        now: begins + run.endedAt,
      });
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
