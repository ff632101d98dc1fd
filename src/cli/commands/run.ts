import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RegisteredFunction } from '../../activities/function.js';
import { attemptLogPath } from '../../activities/log.js';
import type { Config } from '../../config.js';
import type { Dag } from '../../dag/dag.js';
import { DagwrightError } from '../../dag/errors.js';
import type { JsonObject } from '../../dag/json.js';
import type { RunResult } from '../../dag/run.js';
import { parseParamFlags, resolveParams } from '../../spec/params.js';
import { functionsBeside, loadFunctions, mergeFunctions } from '../../worker/load-functions.js';
import { exitCodeOfRun } from '../exit-code.js';
import { loadDag } from '../load-dag.js';
import { outputWidth, print, printError, printJson } from '../output.js';
import { plainView } from '../progress/plain-view.js';
import { renderSummary } from '../progress/summary.js';
import type { View } from '../progress/view.js';
import { configFor, type ServerFlags } from '../server-flags.js';

export interface RunOptions extends ServerFlags {
  readonly param?: readonly string[];
  readonly runId?: string;
  readonly local?: true;
  readonly detach?: true;
  readonly worker: boolean;
  readonly onInterrupt: 'detach' | 'cancel';
  readonly functions?: readonly string[];
  readonly json?: true;
}

/** What `dagwright run` was asked to run, read and checked. */
export interface RunRequest {
  readonly file: string;
  readonly dag: Dag;
  readonly params: JsonObject;
  readonly functions: readonly RegisteredFunction[];
  /** The modules that the functions came from: for the advice on how to come back. */
  readonly functionFiles: readonly string[];
  readonly options: RunOptions;
  readonly config: Config;
  readonly view: View;
}

/** `dagwright run FILE` */
export async function run(file: string, options: RunOptions): Promise<number> {
  refuseNonsense(options);
  const { dag, functions: own } = await loadDag(file);
  const { params } = resolveParams(dag, parseParamFlags(dag, options.param ?? []));
  const beside = await functionsBeside(file);
  const functionFiles = [...new Set([...(options.functions ?? []), ...(beside === undefined ? [] : [beside])])];
  const functions = mergeFunctions([...own, ...(await loadFunctions(functionFiles))]);
  const config = configFor(options);
  const view = await chooseView(config, options);
  const request: RunRequest = { file, dag, params, functions, functionFiles, options, config, view };
  if (options.local) {
    const { runHere } = await import('../run-here.js');
    return runHere(request);
  }
  const { runOnServer } = await import('../run-on-server.js');
  return runOnServer(request);
}

/** Prints how a run ended. @returns the exit code. */
export function reportResult(request: RunRequest, result: RunResult): number {
  if (request.options.json) {
    printJson(result);
  } else {
    const needed = new Set(request.dag.tasks.flatMap((task) => task.needs.map((dependency) => dependency.task)));
    const summary = renderSummary(result, {
      width: outputWidth(),
      color: isLive(request.config, request.options) && process.stdout.hasColors(),
      leaves: request.dag.tasks.filter((task) => !needed.has(task.name)).map((task) => task.name),
      logOf: (task, { attempts }) => {
        const folder = join(request.config.stateFolder, 'logs');
        const path = attemptLogPath(folder, { runId: result.runId, task, attempt: attempts });
        return existsSync(path) ? path : undefined;
      },
    });
    print(summary);
  }
  return exitCodeOfRun(result.status);
}

function refuseNonsense(options: RunOptions): void {
  if (options.local && options.detach) {
    throw new DagwrightError('USAGE', 'A local run ends with its process, so it cannot be detached.', {
      hint: 'Leave out --local or --detach.',
    });
  }
  if (options.local && options.address !== undefined) {
    throw new DagwrightError('USAGE', 'A local run uses no server.', { hint: 'Leave out --local or --address.' });
  }
}

function isLive(config: Config, options: RunOptions): boolean {
  return process.stdout.isTTY && !config.plainTerminal && !options.json;
}

async function chooseView(config: Config, options: RunOptions): Promise<View> {
  if (options.json) return plainView(printError);
  if (!isLive(config, options)) return plainView(print);
  const { liveView } = await import('../progress/live-view.js');
  return liveView(process.stdout);
}
