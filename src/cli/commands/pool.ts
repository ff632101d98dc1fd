import type { Rate } from '../../dag/pools.js';
import { formatRate } from '../../dag/rate.js';
import type { PoolChange } from '../../pool/pool-message.js';
import type { PoolPolicy } from '../../pool/pool-policy.js';
import { EXIT } from '../exit-code.js';
import { outputHasColors, outputWidth, print, printJson } from '../output.js';
import { renderPool } from '../render-pools.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface PoolOptions extends ServerFlags {
  readonly slots?: number | 'none';
  readonly rate?: Rate | 'none';
  readonly policy?: PoolPolicy;
  readonly json?: true;
}

/** `dagwright pool NAME`: shows it, or sets what the flags say. */
export async function pool(name: string, options: PoolOptions): Promise<number> {
  const { slots, rate, policy } = options;
  const change: PoolChange = {
    ...(slots === undefined ? {} : { slots: slots === 'none' ? null : slots }),
    ...(rate === undefined ? {} : { rate: rate === 'none' ? null : rate }),
    ...(policy === undefined ? {} : { policy }),
  };
  if (Object.keys(change).length > 0) return set(name, change, options);
  const found = await withClient(options, ({ client }) => client.pool(name));
  if (options.json) printJson(found);
  else print(renderPool(found, { width: outputWidth(), now: Date.now(), color: outputHasColors() }));
  return EXIT.succeeded;
}

async function set(name: string, change: PoolChange, options: PoolOptions): Promise<number> {
  await withClient(options, ({ client }) => client.setPool(name, change));
  if (options.json) printJson({ pool: name, set: change });
  else print(`The pool ${name} is set: ${sentenceOf(change)}.`);
  return EXIT.succeeded;
}

function sentenceOf({ slots, rate, policy }: PoolChange): string {
  const parts: string[] = [];
  if (slots !== undefined) parts.push(slots === null ? 'no limit of slots' : `${slots} slot${slots === 1 ? '' : 's'}`);
  if (rate !== undefined) parts.push(rate === null ? 'no rate' : `rate ${formatRate(rate)}`);
  if (policy !== undefined) parts.push(`policy ${policy}`);
  return parts.join(', ');
}
