import type { Dag } from '../dag/dag.js';
import type { DagTest } from './dag-test.js';
import { unmet, type TestFailure } from './expectations.js';
import { runWithDoubles, type TestedRun } from './tested-run.js';

/** How a test of a dag went. It passed where there are no failures. */
export interface DagTestResult {
  readonly name: string;
  readonly failures: readonly TestFailure[];
  /** What the run came to. */
  readonly run: TestedRun;
}

/**
 * Runs a dag, checked before, with doubles for its tasks, in this process, and compares what it came to with what is
 * expected. Waits, time limits, backoffs and polls take no time.
 * @throws DagwrightError PARAM_INVALID.
 */
export async function testDag(dag: Dag, test: DagTest): Promise<DagTestResult> {
  const run = await runWithDoubles(dag, test);
  return { name: test.name, failures: unmet(test.expect, run), run };
}
