import { EXIT } from '../exit-code.js';
import { outputHasColors, outputWidth, print, printError, printJson } from '../output.js';
import { renderPools } from '../render-pools.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface PoolsOptions extends ServerFlags {
  readonly json?: true;
}

/** `dagwright pools` */
export async function pools(options: PoolsOptions): Promise<number> {
  const found = await withClient(options, ({ client }) => client.pools());
  if (options.json) printJson({ pools: found });
  else if (found.length === 0) printError('No pools that runs share.');
  else print(renderPools(found, { width: outputWidth(), now: Date.now(), color: outputHasColors() }));
  return EXIT.succeeded;
}
