import type { DagStats } from '../../client/dag-stats.js';
import type { Dag } from '../../dag/dag.js';
import { EXIT } from '../exit-code.js';
import { loadDag } from '../load-dag.js';
import { outputHasColors, outputWidth, print, printJson } from '../output.js';
import { renderStats, type ShownStats } from '../render-stats.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface StatsOptions extends ServerFlags {
  readonly json?: true;
}

/** `dagwright stats DAG`: by its name, or by its file, which has what its tasks declare. */
export async function stats(dag: string, options: StatsOptions): Promise<number> {
  const file = isFile(dag) ? (await loadDag(dag)).dag : undefined;
  const found = await withClient(options, ({ client }) => client.stats(file?.name ?? dag));
  const tasks = file === undefined ? found.tasks : withDeclared(found, file);
  if (options.json) printJson({ ...found, tasks });
  else print(renderStats(tasks, { width: outputWidth(), color: outputHasColors() }));
  return EXIT.succeeded;
}

/** No name of a dag has either. */
function isFile(dag: string): boolean {
  return /[./\\]/.test(dag);
}

/** What is known of the dag's tasks, or declared, in the order of declaration; then what is known of others. */
function withDeclared({ tasks }: DagStats, dag: Dag): ShownStats[] {
  const known = new Map(tasks.map((task) => [task.task, task]));
  const own = dag.tasks.flatMap(({ name, estimate }): ShownStats[] => {
    const learned = known.get(name);
    known.delete(name);
    if (learned === undefined && estimate === undefined) return [];
    return [{ task: name, ...learned, ...(estimate === undefined ? {} : { declared: estimate }) }];
  });
  return [...own, ...known.values()];
}
