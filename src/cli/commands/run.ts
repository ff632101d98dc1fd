import { DagwrightError } from '../../dag/errors.js';
import { parseParamFlags, resolveParams } from '../../spec/params.js';
import { functionsBeside, loadFunctions, mergeFunctions } from '../../worker/load-functions.js';
import { loadDag } from '../load-dag.js';
import { printError, printJson } from '../output.js';
import { viewFor } from '../progress/view-for.js';
import { priorityOf, type RunEnd, type RunOptions } from '../run-request.js';
import { configFor } from '../server-flags.js';
import { takeStrayOutput } from '../stray-output.js';
import { outliveStrayRejections } from '../stray-rejections.js';

/** `dagwright run FILE` */
export async function run(file: string, options: RunOptions): Promise<number> {
  if (!options.json) return (await execute(file, options)).code;
  // Modules of the user run in this process, and may print: stdout is for the one object.
  const release = takeStrayOutput([process.stdout], printError);
  let end: RunEnd;
  try {
    end = await execute(file, options);
  } finally {
    release();
  }
  printJson(end.answer);
  return end.code;
}

async function execute(file: string, options: RunOptions): Promise<RunEnd> {
  refuseNonsense(options);
  outliveStrayRejections();
  const { dag, functions: own } = await loadDag(file);
  const { params } = resolveParams(dag, parseParamFlags(dag, options.param ?? []));
  const beside = await functionsBeside(file);
  const files = [...new Set([...(options.functions ?? []), ...(beside === undefined ? [] : [beside])])];
  const functions = mergeFunctions([...own, ...(await loadFunctions(files))]);
  const functionFiles = own.length === 0 ? files : [...files, file];
  const config = configFor(options);
  const { view, live } = await viewFor(options, config);
  const request = { dag, params, functions, functionFiles, options, config, view, live };
  if (options.local) {
    const { runHere } = await import('../run-here.js');
    return runHere(request);
  }
  const { runOnServer } = await import('../run-on-server.js');
  return runOnServer(request);
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
  if (priorityOf(options) !== undefined && options.local) {
    throw new DagwrightError('USAGE', 'A local run shares its workers with no other: none goes first.', {
      hint: 'Leave out --local, or --priority, --fairness-key and --fairness-weight.',
    });
  }
}
