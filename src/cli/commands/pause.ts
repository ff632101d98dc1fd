import { DagwrightError } from '../../dag/errors.js';
import type { PauseMode } from '../../dag/run-state.js';
import { doAct, type ActFlags } from '../do-act.js';
import { quoted, sameServer } from '../server-flags.js';

export interface PauseOptions extends ActFlags {
  readonly mode?: PauseMode;
  /** ISO 8601, of either flag. */
  readonly for?: string;
  readonly until?: string;
}

/** `dagwright pause RUN [TASK]` */
export async function pause(runId: string, task: string | undefined, options: PauseOptions): Promise<number> {
  const until = options.for ?? options.until;
  const mode = options.mode === undefined ? {} : { mode: options.mode };
  const goesOn = `\`dagwright resume ${runId}${task === undefined ? '' : ` ${quoted(task)}`}${sameServer(options)}\` goes on.`;
  if (task === undefined) {
    return doAct(runId, { type: 'pause', ...mode, ...(until === undefined ? {} : { until }) }, options, goesOn);
  }
  if (until !== undefined) {
    throw new DagwrightError(
      'USAGE',
      'A paused task does not go on by itself: --for and --until are for a whole run.',
      {
        hint: 'Leave out the flag, or the task.',
      },
    );
  }
  return doAct(runId, { type: 'pauseTask', task, ...mode }, options, goesOn);
}
