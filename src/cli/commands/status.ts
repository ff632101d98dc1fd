import type { RunDescription } from '../../run/run.js';
import { EXIT } from '../exit-code.js';
import { outputHasColors, outputWidth, print, printJson } from '../output.js';
import { formatTime } from '../progress/duration.js';
import { withFanOuts } from '../progress/made-status.js';
import { renderProgress } from '../progress/render-progress.js';
import { renderTask } from '../render-task.js';
import { webUrlOf, withClient } from '../server.js';
import { sameServer, type ServerFlags } from '../server-flags.js';
import { taskNotFound } from '../task-not-found.js';

export interface StatusOptions extends ServerFlags {
  readonly json?: true;
  /** Each item of a fan-out. */
  readonly items?: true;
}

/** `dagwright status RUN [TASK]`: as much as a terminal holds, or every task where it is none; with `--items` every item, too. */
export async function status(runId: string, task: string | undefined, options: StatusOptions): Promise<number> {
  const found = await withClient(options, async ({ client, server }) => {
    return { status: withFanOuts(await client.get(runId).describe()), webUrl: webUrlOf(server, runId) };
  });
  if (task !== undefined) return showTask(found.status, task, options);
  if (options.json) {
    printJson(found.status);
    return EXIT.succeeded;
  }
  const height = process.stdout.isTTY && !options.items ? Math.max(20, process.stdout.rows - 4) : Infinity;
  const screen = { width: outputWidth(), height, now: Date.now(), color: outputHasColors() };
  const commands = sameServer(options);
  print(renderProgress(found.status, { ...screen, commands, ...(options.items ? { items: true } : {}) }));
  const settings = settingsOf(found.status, screen.now);
  if (settings !== '') print(settings);
  if (found.webUrl !== undefined) print(`Web UI: ${found.webUrl}`);
  return EXIT.succeeded;
}

/** @throws DagwrightError TASK_NOT_FOUND. */
function showTask({ runId, tasks }: RunDescription, name: string, options: StatusOptions): number {
  const task = tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw taskNotFound(runId, name);
  const screen = { width: outputWidth(), now: Date.now(), color: outputHasColors() };
  if (options.json) printJson(task);
  else print(renderTask(task, { ...screen, runId, commands: sameServer(options) }));
  return EXIT.succeeded;
}

/** What an operator may change of a run, and how often it was; and when it is thought to end. */
function settingsOf({ runId, concurrency, policy, acts = [], estimatedEnd }: RunDescription, now: number): string {
  const settings: string[] = [];
  if (concurrency !== undefined) settings.push(`at most ${concurrency} at once`);
  if (policy !== undefined) settings.push(`policy ${policy}`);
  if (estimatedEnd !== undefined && Date.parse(estimatedEnd) > now) {
    settings.push(`ends at about ${formatTime(estimatedEnd, now)}`);
  }
  if (acts.length > 0) settings.push(`${acts.length} act${acts.length === 1 ? '' : 's'}: dagwright history ${runId}`);
  return settings.join(' · ');
}
