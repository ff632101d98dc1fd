import type { RunHandle } from '../../client/run-handle.js';
import type { RunEvent } from '../../run/run-event.js';
import { EXIT } from '../exit-code.js';
import { foldHistory } from '../fold-history.js';
import { outputHasColors, outputWidth, print, printError, printJson } from '../output.js';
import { renderHistory } from '../render-history.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';
import { taskNotFound } from '../task-not-found.js';

export interface HistoryOptions extends ServerFlags {
  readonly task?: string;
  readonly limit?: number;
  /** Each event of each item. */
  readonly items?: true;
  readonly json?: true;
}

/** What a person reads at a terminal; pipes and programs get all. */
const TERMINAL_LIMIT = 200;

/** `dagwright history RUN` */
export async function history(runId: string, options: HistoryOptions): Promise<number> {
  const { all, chosen } = await withClient(options, async ({ client }) => {
    const run = client.get(runId);
    const events = await run.history();
    return { all: events, chosen: options.task === undefined ? events : await eventsOf(run, events, options.task) };
  });
  const isForTerminal = process.stdout.isTTY && !options.json;
  const limit = options.limit ?? (isForTerminal ? TERMINAL_LIMIT : Infinity);
  if (options.json) {
    printJson({ runId, events: latest(chosen, limit) });
    return EXIT.succeeded;
  }
  const lines = options.items || options.task !== undefined ? chosen : foldHistory(chosen);
  const shown = latest(lines, limit);
  if (shown.length < lines.length) printError(`… ${lines.length - shown.length} earlier events; --limit shows more`);
  const began = all[0]?.at;
  if (shown.length === 0 || began === undefined) printError('Nothing has happened yet.');
  else print(renderHistory(shown, { width: outputWidth(), color: outputHasColors(), began }));
  return EXIT.succeeded;
}

function latest<T>(lines: readonly T[], limit: number): readonly T[] {
  return lines.slice(-Math.min(limit, lines.length));
}

/** The events of one task. That a task has none, and that there is no such task, are told apart. */
async function eventsOf(run: RunHandle, events: readonly RunEvent[], task: string): Promise<RunEvent[]> {
  const own = events.filter((event) => event.task === task);
  if (own.length > 0) return own;
  const { tasks } = await run.describe();
  if (tasks.some(({ name }) => name === task)) return own;
  throw taskNotFound(run.runId, task);
}
