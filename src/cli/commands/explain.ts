import { EXIT } from '../exit-code.js';
import { outputHasColors, outputWidth, print, printJson } from '../output.js';
import { renderExplanation } from '../render-explanation.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface ExplainOptions extends ServerFlags {
  readonly json?: true;
}

/** `dagwright explain RUN TASK` */
export async function explain(runId: string, task: string, options: ExplainOptions): Promise<number> {
  const explanation = await withClient(options, ({ client }) => client.get(runId).explain(task));
  if (options.json) printJson(explanation);
  else print(renderExplanation(explanation, { width: outputWidth(), color: outputHasColors() }));
  return EXIT.succeeded;
}
