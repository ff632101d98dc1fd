import { parseTasks } from '../../spec/added-tasks.js';
import { DagInvalidError } from '../../spec/dag-invalid.js';
import { formatDiagnostic } from '../../spec/diagnostic.js';
import { doAct, type ActFlags } from '../do-act.js';
import { printError } from '../output.js';
import { readText } from '../read-text.js';

/** `dagwright add RUN FILE` */
export async function add(runId: string, file: string, options: ActFlags): Promise<number> {
  const { tasks, needs, diagnostics } = parseTasks(await readText(file), file);
  if (tasks === undefined) throw new DagInvalidError(diagnostics);
  for (const warning of diagnostics) printError(formatDiagnostic(warning));
  return doAct(runId, { type: 'addTasks', tasks, ...(needs === undefined ? {} : { needs }) }, options);
}
