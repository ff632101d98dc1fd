import { EXIT } from '../exit-code.js';
import { print, printJson } from '../output.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

/** `dagwright resume RUN` */
export async function resume(runId: string, options: ServerFlags & { readonly json?: true }): Promise<number> {
  await withClient(options, ({ client }) => client.get(runId).resume());
  if (options.json) printJson({ runId, requested: 'resume' });
  else print(`Run ${runId} goes on.`);
  return EXIT.succeeded;
}
