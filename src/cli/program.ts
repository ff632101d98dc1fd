import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, EXIT_CODES_HELP } from './exit-code.js';
import { reportError } from './report-error.js';
import { DagwrightError } from '../dag/errors.js';
import type { DevOptions } from './commands/dev.js';
import type { GraphOptions } from './commands/graph.js';
import type { ListOptions } from './commands/list.js';
import type { PauseOptions } from './commands/pause.js';
import type { StatusOptions } from './commands/status.js';
import type { ValidateOptions } from './commands/validate.js';
import type { WorkerOptions } from './commands/worker.js';
import type { RunOptions } from './run-request.js';
import type { ServerFlags } from './server-flags.js';

/**
 * Runs one command line. Each command's code is loaded when it is called, so that `--help` and `validate` never pay for
 * Temporal.
 * @param args Without node and the script.
 * @returns the exit code.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  let code: number = EXIT.succeeded;
  const program = buildProgram((result) => {
    code = result;
  }, json);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, { json });
    if (error.exitCode === 0) return EXIT.succeeded;
    // Commander has written its sentence to stderr itself, unless a program listens.
    if (!json) return EXIT.usage;
    const message = error.message.replace(/^error: /, '');
    return reportError(new DagwrightError('USAGE', message, { hint: 'See `dagwright --help`.' }), { json });
  }
}

function buildProgram(done: (code: number) => void, json: boolean): Command {
  const program = new Command('dagwright')
    .description('Runs DAGs of tasks durably, on Temporal.')
    .version(versionOf(), '-V, --version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError(true)
    .addHelpText('after', `\n${EXIT_CODES_HELP}\n\n\`dagwright <command> --help\` says more about a command.`);
  // Sub-commands copy these settings when they are added, so they come first.
  program.configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'error USAGE: ')),
    ...(json ? { writeErr: () => {} } : {}),
  });

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
    .option('--functions <file>', FUNCTIONS_HELP, collect)
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print one JSON object at the end, and nothing else on stdout')
    .addHelpText('after', RUN_HELP)
    .action(async (file: string, options: RunOptions) => {
      const { run } = await import('./commands/run.js');
      done(await run(file, options));
    });

  program
    .command('worker')
    .description('run tasks for the runs on a server, until Ctrl-C')
    .option('--functions <file>', FUNCTIONS_HELP, collect)
    .option('--task-queue <name>', TASK_QUEUE_HELP)
    .option('--slots <number>', 'tasks at once', positiveInteger)
    .addOption(addressOption())
    .addOption(namespaceOption())
    .action(async (options: WorkerOptions) => {
      const { worker } = await import('./commands/worker.js');
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
      const { dev } = await import('./commands/dev.js');
      done(await dev(options));
    });

  program
    .command('validate')
    .description('check dag files: every problem, with its place and its fix')
    .argument('<file...>', 'dag files')
    .option('--json', 'print { "diagnostics": [...] }')
    .action(async (files: string[], options: ValidateOptions) => {
      const { validate } = await import('./commands/validate.js');
      done(await validate(files, options));
    });

  program
    .command('schema')
    .description('print the JSON Schema of dag files, for editors')
    .action(async () => {
      const { schema } = await import('./commands/schema.js');
      done(schema());
    });

  program
    .command('graph')
    .description('draw the tasks of a dag and what they need')
    .argument('<file>', 'dag file')
    .addOption(new Option('-f, --format <format>', 'how').choices(['terminal', 'mermaid', 'dot']).default('terminal'))
    .action(async (file: string, options: GraphOptions) => {
      const { graph } = await import('./commands/graph.js');
      done(await graph(file, options));
    });

  program
    .command('list')
    .description('list runs, the newest first')
    .option('-n, --limit <number>', 'how many', positiveInteger, 20)
    .option('--dag <name>', 'only runs of this dag')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(RUN_STATE_CHOICES))
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print { "runs": [...] }')
    .action(async (options: ListOptions) => {
      const { list } = await import('./commands/list.js');
      done(await list(options));
    });

  runCommand(program, 'status', 'show a run and each of its tasks').action(
    async (runId: string, options: StatusOptions) => {
      const { status } = await import('./commands/status.js');
      done(await status(runId, options));
    },
  );

  runCommand(program, 'pause', 'start no more tasks of a run, until it is resumed')
    .addOption(
      new Option('--mode <mode>', 'running tasks end (drain), or are stopped and start again at resume (interrupt)')
        .choices(['drain', 'interrupt'])
        .default('drain'),
    )
    .action(async (runId: string, options: PauseOptions) => {
      const { pause } = await import('./commands/pause.js');
      done(await pause(runId, options));
    });

  runCommand(program, 'resume', 'go on with a paused run').action(
    async (runId: string, options: ServerFlags & { json?: true }) => {
      const { resume } = await import('./commands/resume.js');
      done(await resume(runId, options));
    },
  );

  runCommand(program, 'cancel', 'stop the running tasks of a run, and end it').action(
    async (runId: string, options: ServerFlags & { json?: true }) => {
      const { cancel } = await import('./commands/cancel.js');
      done(await cancel(runId, options));
    },
  );

  return program;
}

function runCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<run>', 'the id of the run')
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print a JSON object');
}

const FUNCTIONS_HELP = 'module whose exported functions tasks may call (repeatable)';
const TASK_QUEUE_HELP = 'the task queue of the workers (default: DAGWRIGHT_TASK_QUEUE, or dagwright)';
/** What Temporal itself can tell apart. */
const RUN_STATE_CHOICES = ['running', 'succeeded', 'failed', 'cancelled'];

const RUN_HELP = `
Without --address, TEMPORAL_ADDRESS or a profile, a server nearby is used, or one is started here with its
state in the folder .dagwright. Functions are also taken from functions.mjs or functions.js beside the dag file.

The first Ctrl-C detaches (exit code 130: the run goes on where it has a worker) or cancels, as
--on-interrupt says; with --local it cancels. The second one quits at once.

${EXIT_CODES_HELP}`;

function addressOption(): Option {
  return new Option(
    '--address <host:port>',
    'the Temporal server (default: TEMPORAL_ADDRESS, a profile, or one nearby)',
  );
}

function namespaceOption(): Option {
  return new Option('--namespace <name>', 'its namespace (default: TEMPORAL_NAMESPACE, a profile, or default)');
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(value);
}

function port(value: string): number {
  const number = positiveInteger(value);
  if (number > 65_535) throw new InvalidArgumentError('A port is at most 65535.');
  return number;
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
