import type { Config } from '../../config.js';
import { print, printError } from '../output.js';
import { plainView } from './plain-view.js';
import type { View } from './view.js';

/**
 * The view that suits where stdout goes: a picture that redraws itself, or lines; on stderr where stdout is for a
 * program.
 * @returns `live`: whether it redraws itself.
 */
export async function viewFor(
  options: { readonly json?: true },
  config: Config,
): Promise<{ readonly view: View; readonly live: boolean }> {
  if (options.json) return { view: plainView(printError), live: false };
  if (!process.stdout.isTTY || config.plainTerminal) return { view: plainView(print), live: false };
  const { liveView } = await import('./live-view.js');
  return { view: liveView(process.stdout), live: true };
}
