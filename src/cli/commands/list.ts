import type { RunState } from '../../dag/run-state.js';
import { EXIT } from '../exit-code.js';
import { outputHasColors, outputWidth, print, printError, printJson } from '../output.js';
import { renderRuns } from '../render-runs.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface ListOptions extends ServerFlags {
  readonly limit: number;
  readonly dag?: string;
  readonly state?: RunState;
  readonly tag?: string;
  readonly since?: Date;
  readonly json?: true;
}

/** `dagwright list` */
export async function list(options: ListOptions): Promise<number> {
  const { limit, dag, state, tag, since } = options;
  const filter = {
    limit,
    ...(dag === undefined ? {} : { dag }),
    ...(state === undefined ? {} : { state }),
    ...(tag === undefined ? {} : { tag }),
    ...(since === undefined ? {} : { since }),
  };
  const runs = await withClient(options, ({ client }) => client.list(filter));
  if (options.json) printJson({ runs });
  else if (runs.length === 0) printError('No runs.');
  else print(renderRuns(runs, { width: outputWidth(), now: Date.now(), color: outputHasColors() }));
  return EXIT.succeeded;
}
