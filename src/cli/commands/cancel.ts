import { EXIT } from '../exit-code.js';
import { print, printJson } from '../output.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

/** `dagwright cancel RUN` */
export async function cancel(runId: string, options: ServerFlags & { readonly json?: true }): Promise<number> {
  await withClient(options, ({ client }) => client.get(runId).cancel());
  if (options.json) printJson({ runId, requested: 'cancel' });
  else print(`Run ${runId} is being cancelled: its running tasks are told to stop.`);
  return EXIT.succeeded;
}
