import { hostname, userInfo } from 'node:os';
import type { Act, ActAnswer } from '../run/act.js';
import type { Run } from '../run/run.js';
import { EXIT } from './exit-code.js';
import { outputHasColors, outputWidth, print, printJson } from './output.js';
import { renderAnswer } from './render-answer.js';
import { withClient } from './server.js';
import type { ServerFlags } from './server-flags.js';

/** The flags of every command that changes a run. */
export interface ActFlags extends ServerFlags {
  readonly by?: string;
  readonly id?: string;
  readonly json?: true;
}

/**
 * Does the act, in the name of whoever calls, and says what it changed.
 * @param advice A line for a person, below the answer.
 * @returns the exit code.
 */
export async function doAct(runId: string, act: Act, flags: ActFlags, advice?: string): Promise<number> {
  const answer = await withClient(flags, ({ client }) => askFor(client.get(runId), act, flags));
  if (flags.json) printJson({ runId, act: act.type, ...answer });
  else {
    print(render(answer));
    if (advice !== undefined) print(advice);
  }
  return EXIT.succeeded;
}

/** Asks the run for the act, in the name of whoever calls. */
export function askFor(run: Run, act: Act, { by = caller(), id }: ActFlags): Promise<ActAnswer> {
  return run.act(act, { by, ...(id === undefined ? {} : { id }) });
}

/** An answer for the terminal. */
export function render(answer: ActAnswer): string {
  return renderAnswer(answer, { width: outputWidth(), color: outputHasColors() });
}

/** Who calls: `user@machine`. */
function caller(): string {
  return `${userName()}@${hostname()}`;
}

/** In a container the user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}
