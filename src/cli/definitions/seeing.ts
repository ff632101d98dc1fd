import { Option, type Command } from 'commander';
import type { ExplainOptions } from '../commands/explain.js';
import type { GanttOptions } from '../commands/gantt.js';
import type { HistoryOptions } from '../commands/history.js';
import type { ListOptions } from '../commands/list.js';
import type { LogsOptions } from '../commands/logs.js';
import type { PoolOptions } from '../commands/pool.js';
import type { PoolsOptions } from '../commands/pools.js';
import type { StatsOptions } from '../commands/stats.js';
import type { StatusOptions } from '../commands/status.js';
import type { WatchOptions } from '../commands/watch.js';
import type { WorkersOptions } from '../commands/workers.js';
import { RUN_STATES } from '../../dag/run-state.js';
import { POOL_POLICIES } from '../../pool/pool-policy.js';
import {
  addressOption,
  namespaceOption,
  pastTime,
  positiveInteger,
  QUOTE_HELP,
  rateOrNone,
  runCommand,
  slotsOrNone,
  TASK_HELP,
  TASK_QUEUE_HELP,
  type Done,
} from './options.js';

/** The commands that show runs. */
export function addSeeingCommands(program: Command, done: Done): void {
  program
    .command('list')
    .description('list runs, the newest first')
    .option('-n, --limit <number>', 'how many', positiveInteger, 20)
    .option('--dag <name>', 'only runs of this dag')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(RUN_STATES))
    .option('--tag <tag>', 'only runs of dags with this tag')
    .option('--since <time>', 'only runs started since: an ISO 8601 time, or how long ago: 2h, 3d', pastTime)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print { "runs": [...] }')
    .action(async (options: ListOptions) => {
      const { list } = await import('../commands/list.js');
      done(await list(options));
    });

  program
    .command('workers')
    .description('show the workers that live, their groups, and how busy they are')
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print { "workers": [...] }')
    .action(async (options: WorkersOptions) => {
      const { workers } = await import('../commands/workers.js');
      done(await workers(options));
    });

  program
    .command('pools')
    .description('list the pools that runs share')
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print { "pools": [...] }')
    .action(async (options: PoolsOptions) => {
      const { pools } = await import('../commands/pools.js');
      done(await pools(options));
    });

  program
    .command('pool')
    .description('show who holds a pool that runs share, and who waits; or set it, and make it where there is none')
    .argument('<name>', 'the name of the pool')
    .option('--slots <number>', 'slots that are held at once; none: no limit', slotsOrNone)
    .option('--rate <rate>', 'slots that may be taken in a time, like 20/m; none: no limit', rateOrNone)
    .addOption(new Option('--policy <policy>', 'which run is served next').choices(POOL_POLICIES))
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print a JSON object')
    .action(async (name: string, options: PoolOptions) => {
      const { pool } = await import('../commands/pool.js');
      done(await pool(name, options));
    });

  runCommand(program, 'status', 'show a run and each of its tasks, or all that is known of one')
    .argument('[task]', `this task; ${QUOTE_HELP}`)
    .option('--items', 'every task, and every item of a fan-out; else those under way and those that failed, a few')
    .action(async (runId: string, task: string | undefined, options: StatusOptions) => {
      const { status } = await import('../commands/status.js');
      done(await status(runId, task, options));
    });

  program
    .command('stats')
    .description('tell how long the tasks of a dag took, and are thought to take')
    .argument('<dag>', 'the name of the dag; or its file, to see also what its tasks declare')
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print { "dag", "at", "tasks": [...] }')
    .action(async (dag: string, options: StatsOptions) => {
      const { stats } = await import('../commands/stats.js');
      done(await stats(dag, options));
    });

  runCommand(program, 'watch', 'show a run until it ends; Ctrl-C leaves it alone', 'print the result at the end')
    .addHelpText('after', WATCH_HELP)
    .action(async (runId: string, options: WatchOptions) => {
      const { watch } = await import('../commands/watch.js');
      done(await watch(runId, options));
    });

  runCommand(program, 'explain', 'say why a task is not running')
    .argument('<task>', TASK_HELP)
    .action(async (runId: string, task: string, options: ExplainOptions) => {
      const { explain } = await import('../commands/explain.js');
      done(await explain(runId, task, options));
    });

  runCommand(program, 'history', 'tell what happened in a run, oldest first', 'print { "runId", "events": [...] }')
    .option('--task <name>', 'only what happened to this task')
    .option('--items', 'every event of every item of a fan-out; else they are counted')
    .option('-n, --limit <number>', 'the latest so many (default: 200 on a terminal, else all)', positiveInteger)
    .action(async (runId: string, options: HistoryOptions) => {
      const { history } = await import('../commands/history.js');
      done(await history(runId, options));
    });

  runCommand(program, 'gantt', 'draw the tasks of a run over time', false)
    .option('--svg <file>', 'write it as SVG to a file, or to stdout (-)')
    .option('--width <number>', 'columns, or pixels of the SVG (default: the terminal, or 960)', positiveInteger)
    .option(
      '--all',
      'every task that ran, and every item; else the failed, the running and the longest, where they are many',
    )
    .action(async (runId: string, options: GanttOptions) => {
      const { gantt } = await import('../commands/gantt.js');
      done(await gantt(runId, options));
    });

  runCommand(program, 'logs', "print the log of a task's latest attempt", false)
    .argument('<task>', TASK_HELP)
    .option('--attempt <number>', 'of this attempt', positiveInteger)
    .option('-f, --follow', 'go on until the task has ended, through further attempts')
    .action(async (runId: string, task: string, options: LogsOptions) => {
      const { logs } = await import('../commands/logs.js');
      done(await logs(runId, task, options));
    });
}

const WATCH_HELP = `
It exits as the run ends: 0 where it succeeded, 1 where it did not; 130 after Ctrl-C, and the run goes on.`;
