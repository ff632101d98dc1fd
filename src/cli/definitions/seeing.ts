import { Option, type Command } from 'commander';
import type { ListOptions } from '../commands/list.js';
import type { StatusOptions } from '../commands/status.js';
import { addressOption, namespaceOption, positiveInteger, runCommand, type Done } from './options.js';

/** What Temporal itself can tell apart. */
const RUN_STATE_CHOICES = ['running', 'succeeded', 'failed', 'cancelled'];

/** The commands that show runs. */
export function addSeeingCommands(program: Command, done: Done): void {
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
      const { list } = await import('../commands/list.js');
      done(await list(options));
    });

  runCommand(program, 'status', 'show a run and each of its tasks').action(
    async (runId: string, options: StatusOptions) => {
      const { status } = await import('../commands/status.js');
      done(await status(runId, options));
    },
  );
}
