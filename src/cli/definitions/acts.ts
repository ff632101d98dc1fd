import { Option, type Command } from 'commander';
import type { PauseOptions } from '../commands/pause.js';
import type { ServerFlags } from '../server-flags.js';
import { runCommand, type Done } from './options.js';

/** The commands that change a run. */
export function addActCommands(program: Command, done: Done): void {
  runCommand(program, 'pause', 'start no more tasks of a run, until it is resumed')
    .addOption(
      new Option('--mode <mode>', 'running tasks end (drain), or are stopped and start again at resume (interrupt)')
        .choices(['drain', 'interrupt'])
        .default('drain'),
    )
    .action(async (runId: string, options: PauseOptions) => {
      const { pause } = await import('../commands/pause.js');
      done(await pause(runId, options));
    });

  runCommand(program, 'resume', 'go on with a paused run').action(
    async (runId: string, options: ServerFlags & { json?: true }) => {
      const { resume } = await import('../commands/resume.js');
      done(await resume(runId, options));
    },
  );

  runCommand(program, 'cancel', 'stop the running tasks of a run, and end it').action(
    async (runId: string, options: ServerFlags & { json?: true }) => {
      const { cancel } = await import('../commands/cancel.js');
      done(await cancel(runId, options));
    },
  );
}
