import type { PauseMode } from '../../dag/run.js';
import { EXIT } from '../exit-code.js';
import { print, printJson } from '../output.js';
import { withClient } from '../server.js';
import { sameServer, type ServerFlags } from '../server-flags.js';

export interface PauseOptions extends ServerFlags {
  readonly mode: PauseMode;
  readonly json?: true;
}

const SENTENCES: Readonly<Record<PauseMode, string>> = {
  drain: 'tasks that run may end, and none starts',
  interrupt: 'running tasks are stopped, and start again when it is resumed',
};

/** `dagwright pause RUN` */
export async function pause(runId: string, options: PauseOptions): Promise<number> {
  const { mode } = options;
  await withClient(options, ({ client }) => client.get(runId).pause({ mode }));
  const resumeCommand = `dagwright resume ${runId}${sameServer(options)}`;
  if (options.json) printJson({ runId, requested: 'pause', mode });
  else print(`Run ${runId} is paused: ${SENTENCES[mode]}. \`${resumeCommand}\` goes on.`);
  return EXIT.succeeded;
}
