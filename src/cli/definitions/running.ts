import { Option, type Command } from 'commander';
import type { DevOptions } from '../commands/dev.js';
import type { WorkerOptions } from '../commands/worker.js';
import { EXIT_CODES_HELP } from '../exit-code.js';
import type { RunOptions } from '../run-request.js';
import { addGroupFlags } from './group-flags.js';
import {
  addressOption,
  collect,
  decimal,
  FUNCTIONS_HELP,
  namespaceOption,
  port,
  positiveInteger,
  TASK_QUEUE_HELP,
  type Done,
} from './options.js';

/** The commands that run tasks. */
export function addRunningCommands(program: Command, done: Done): void {
  program
    .command('run')
    .description('run a dag to its end, and show its progress')
    .argument('<file>', 'dag file: .yaml, .yml, .json, or a .js/.mjs module that exports a dag')
    .option('-p, --param <name=value>', "a param's value (repeatable)", collect)
    .option('--run-id <id>', 'the id of the run; a second start with the same id joins the first')
    .option('--local', 'run in this process: no server, nothing kept')
    .option('--detach', 'start the run and leave; a worker elsewhere goes on with it')
    .option('--no-worker', 'start no worker in this process')
    .addOption(
      new Option('--on-interrupt <what>', 'what the first Ctrl-C does to the run')
        .choices(['detach', 'cancel'])
        .default('detach'),
    )
    .option('--no-cache', 'run every task, also where the cache has its output')
    .option('--priority <number>', 'which run goes first where several wait for the workers: 1 (first) to 5', decimal)
    .option('--fairness-key <name>', 'who the run is for: the keys share the workers')
    .option('--fairness-weight <number>', "the key's share: 2 is twice as much as 1 (0.001 to 1000)", decimal)
    .option('--functions <file>', FUNCTIONS_HELP, collect)
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print one JSON object at the end, and nothing else on stdout')
    .addHelpText('after', RUN_HELP)
    .action(async (file: string, options: RunOptions) => {
      const { run } = await import('../commands/run.js');
      done(await run(file, options));
    });

  const worker = program
    .command('worker')
    .description('run tasks for the runs on a server, until Ctrl-C')
    .option('--functions <file>', FUNCTIONS_HELP, collect)
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .option('--slots <number>', 'tasks at once (default: 100)', positiveInteger);
  addGroupFlags(worker)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .addHelpText('after', WORKER_HELP)
    .action(async (options: WorkerOptions) => {
      const { worker } = await import('../commands/worker.js');
      done(await worker(options));
    });

  program
    .command('dev')
    .description('keep a server, its Web UI and a worker up, until Ctrl-C')
    .option('--functions <file>', FUNCTIONS_HELP, collect)
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .option('--port <number>', "the server's port (default: 7233, or a free one)", port)
    .option('--ui-port <number>', "the Web UI's port (default: 8233, or a free one)", port)
    .addOption(namespaceOption())
    .action(async (options: DevOptions) => {
      const { dev } = await import('../commands/dev.js');
      done(await dev(options));
    });
}

const WORKER_HELP = `
A worker of a group takes the tasks that the placement of a dag gives to its group, and keeps runs going. The tasks of
dags without a placement need a worker without a group. All workers of a group should be alike.
\`dagwright workers\` shows who is there.`;

const RUN_HELP = `
Without --address, TEMPORAL_ADDRESS or a profile, a server nearby is used, or one is started here with its
state in the folder .dagwright. Functions are also taken from functions.mjs or functions.js beside the dag file.

The first Ctrl-C detaches (exit code 130: the run goes on where it has a worker) or cancels, as
--on-interrupt says; with --local it cancels. The second one quits at once.

${EXIT_CODES_HELP}`;
