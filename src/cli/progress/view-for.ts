import type { Config } from '../../config.js';
import { print, printError } from '../output.js';
import { plainView } from './plain-view.js';
import { sameServer, type ServerFlags } from '../server-flags.js';
import type { View } from './view.js';

/**
 * The view that suits where stdout goes: a picture that redraws itself, or lines; on stderr where stdout is for a
 * program.
 * @returns `live`: whether it redraws itself.
 */
export async function viewFor(
  options: ServerFlags & { readonly json?: true; readonly local?: true },
  config: Config,
): Promise<{ readonly view: View; readonly live: boolean }> {
  // A local run is this process's own: no other command reaches it.
  const commands = options.local ? undefined : sameServer(options);
  if (options.json) return { view: plainView(printError, commands), live: false };
  if (!process.stdout.isTTY || config.plainTerminal) return { view: plainView(print, commands), live: false };
  const { liveView } = await import('./live-view.js');
  return { view: liveView(process.stdout, commands), live: true };
}
