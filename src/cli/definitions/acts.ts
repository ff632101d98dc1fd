import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ApproveOptions } from '../commands/approve.js';
import type { CancelOptions } from '../commands/cancel.js';
import type { CompleteOptions } from '../commands/complete.js';
import type { PauseOptions } from '../commands/pause.js';
import type { RejectOptions } from '../commands/reject.js';
import type { RerunFlags } from '../commands/rerun.js';
import type { RetryOptions } from '../commands/retry.js';
import type { SendOptions } from '../commands/send.js';
import type { PoolSetting, SetOptions } from '../commands/set.js';
import type { ActFlags } from '../do-act.js';
import { parseRate } from '../../dag/rate.js';
import { timeAfter, timeToCome } from '../moment.js';
import { collect, positiveInteger, QUOTE_HELP, runCommand, TASK_HELP, type Done } from './options.js';

/** The commands that change a live run. */
export function addActCommands(program: Command, done: Done): void {
  actCommand(program, 'pause', 'start no more tasks of a run, or not this task, until it is resumed')
    .argument('[task]', `pause this task only; ${QUOTE_HELP}`)
    .addOption(
      new Option(
        '--mode <mode>',
        'tasks that run: they end (drain, the default), or stop now and start again at resume (interrupt)',
      ).choices(['drain', 'interrupt']),
    )
    .option('--for <duration>', 'go on by itself after: 90s, 10m, 2h', timeAfter)
    .addOption(
      new Option('--until <time>', 'go on by itself at: 2026-11-01T18:00, local, or with a zone')
        .argParser(timeToCome)
        .conflicts('for'),
    )
    .action(async (runId: string, task: string | undefined, options: PauseOptions) => {
      const { pause } = await import('../commands/pause.js');
      done(await pause(runId, task, options));
    });

  actCommand(program, 'resume', 'go on with a paused run, or a paused task')
    .argument('[task]', `resume this task only; ${QUOTE_HELP}`)
    .action(async (runId: string, task: string | undefined, options: ActFlags) => {
      const { resume } = await import('../commands/resume.js');
      done(await resume(runId, task, options));
    });

  actCommand(program, 'cancel', 'stop the running tasks of a run and end it, or cancel one task')
    .argument('[task]', `cancel this task only; ${QUOTE_HELP}`)
    .option('--reason <text>', 'why, for those who look at the run later')
    .option('--compensate', 'undo what succeeded, whatever the dag says of cancelled runs')
    .option('--no-compensate', 'undo nothing')
    .action(async (runId: string, task: string | undefined, options: CancelOptions) => {
      const { cancel } = await import('../commands/cancel.js');
      done(await cancel(runId, task, options));
    });

  actCommand(program, 'skip', 'end a task as skipped, with those that need it')
    .argument('<task>', TASK_HELP)
    .action(async (runId: string, task: string, options: ActFlags) => {
      const { skip } = await import('../commands/skip.js');
      done(await skip(runId, task, options));
    });

  actCommand(program, 'complete', 'end a task as succeeded, whatever became of it')
    .argument('<task>', TASK_HELP)
    .option('--output <json>', 'its output')
    .addOption(new Option('--output-file <file>', 'its output, from a file of JSON').conflicts('output'))
    .action(async (runId: string, task: string, options: CompleteOptions) => {
      const { complete } = await import('../commands/complete.js');
      done(await complete(runId, task, options));
    });

  actCommand(program, 'retry', 'run a task again that failed, or was cancelled or skipped')
    .argument('<task>', TASK_HELP)
    .option('--no-dependents', 'leave those that it kept from running as they are')
    .action(async (runId: string, task: string, options: RetryOptions) => {
      const { retry } = await import('../commands/retry.js');
      done(await retry(runId, task, options));
    });

  actCommand(program, 'approve', 'let a task go on that waits for an approval')
    .argument('<task>', TASK_HELP)
    .option('--form <json>', 'what it asks to be filled in: JSON, @file, or - for stdin')
    .action(async (runId: string, task: string, options: ApproveOptions) => {
      const { approve } = await import('../commands/approve.js');
      done(await approve(runId, task, options));
    });

  actCommand(program, 'reject', 'fail a task that waits for an approval')
    .argument('<task>', TASK_HELP)
    .option('--reason <text>', 'why')
    .action(async (runId: string, task: string, options: RejectOptions) => {
      const { reject } = await import('../commands/reject.js');
      done(await reject(runId, task, options));
    });

  actCommand(program, 'send', 'send an event to a run, for the tasks that wait for it')
    .argument('<event>', 'the name of the event')
    .option('--payload <json>', 'what comes with it: JSON, @file, or - for stdin')
    .action(async (runId: string, event: string, options: SendOptions) => {
      const { send } = await import('../commands/send.js');
      done(await send(runId, event, options));
    });

  actCommand(program, 'set', "change a run's concurrency, policy or pools, or a task's priority")
    .argument('[task]', `the task of --priority; ${QUOTE_HELP}`)
    .option('--concurrency <number>', 'tasks of the run in flight at once', positiveInteger)
    .option('--policy <names>', 'the order among ready tasks, like priority,sjf')
    .option('--priority <number>', 'higher goes first', wholeNumber)
    .option(
      '--pool <pool=size>',
      "slots of a pool of the run's own, or its rate: gpu=4, api=20/m (repeatable)",
      poolSize,
    )
    .action(async (runId: string, task: string | undefined, options: SetOptions) => {
      const { set } = await import('../commands/set.js');
      done(await set(runId, task, options));
    });

  actCommand(program, 'add', 'add tasks to a run')
    .argument('<file>', 'the tasks: `tasks:` as in a dag file, and `needs:` for tasks that are there already')
    .addHelpText('after', ADD_HELP)
    .action(async (runId: string, file: string, options: ActFlags) => {
      const { add } = await import('../commands/add.js');
      done(await add(runId, file, options));
    });

  runCommand(program, 'rerun', 'start an ended run again, as a new run: what succeeded is taken over')
    .addOption(new Option('--failed', 'run what did not succeed, and what needs it (the default)').conflicts('all'))
    .option('--from <task>', 'run this task again too, and what needs it (repeatable)', collect)
    .addOption(new Option('--all', 'run every task again').conflicts('from'))
    .option('--upstream', 'run also what these tasks need')
    .option('--downstream', 'run also what needs these tasks (the default)')
    .option('--no-downstream', 'leave what succeeded, though it needs a task that runs again')
    .option('--run-id <id>', 'the id of the new run')
    .option('--detach', 'start the run and leave')
    .option('--task-queue <name>', "the task queue of the workers (default: the old run's)")
    .addHelpText('after', RERUN_HELP)
    .action(async (runId: string, options: RerunFlags) => {
      const { rerun } = await import('../commands/rerun.js');
      done(await rerun(runId, options));
    });
}

const ADD_HELP = `
A file of tasks:

  tasks:
    check: { needs: [build], run: ./check.sh }
  needs:
    report: [check]     # a task of the run that has not started waits for it, too`;

const RERUN_HELP = `
A succeeded task that needs one that runs again runs again, too, unless --no-downstream is given. So does a task whose
output is needed and was too large to be kept.`;

/** A command that asks a live run for something. */
function actCommand(program: Command, name: string, description: string): Command {
  return runCommand(program, name, description)
    .option('--by <name>', "who asks, for the run's list of acts (default: user@machine)")
    .option('--id <key>', 'a key of your own: what was asked for under it before is not done again');
}

function poolSize(value: string, previous: readonly PoolSetting[] = []): PoolSetting[] {
  const [, pool = '', size = ''] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (pool === '') throw new InvalidArgumentError('It must be a pool and its size, like gpu=4 or api=20/m.');
  if (!size.includes('/')) return [...previous, { pool, slots: positiveInteger(size) }];
  const rate = parseRate(size);
  if (rate === undefined) throw new InvalidArgumentError('A rate is like 10/s, 20/m or 5/10s.');
  return [...previous, { pool, rate }];
}

function wholeNumber(value: string): number {
  if (!/^-?\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}
