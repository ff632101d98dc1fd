// Runs the dag of sales.ts from a program: `tsx main.ts [--local] [--currency USD]`.
import { parseArgs } from 'node:util';
import { createHandlers, DagClient, DagWorker, runLocally, type Run } from 'dagwright';
import { sales } from './sales.js';

const { values } = parseArgs({
  options: { local: { type: 'boolean', default: false }, currency: { type: 'string', default: 'EUR' } },
});
const params = { currency: values.currency };

if (values.local) {
  // In this process, without a server. The dag has no shell tasks, so no variables are handed on.
  const handlers = createHandlers({ environment: {}, functions: sales.functions });
  await report(runLocally(sales.dag, { params, handlers, logFolder: '.dagwright/logs' }));
} else {
  // On Temporal, where TEMPORAL_ADDRESS says (localhost:7233). The worker is a program of its own in real life: it may
  // start before or after the run, stop in its middle, and there may be many.
  const client = await DagClient.connect();
  const worker = await DagWorker.start({ functions: sales.functions });
  try {
    await report(await client.start(sales, { params }));
  } finally {
    await worker.shutdown();
    await client.close();
  }
}

async function report(run: Run): Promise<void> {
  const { status, tasks } = await run.result();
  console.log(`${run.runId}: ${status}`);
  for (const [name, { attempts, output, error }] of Object.entries(tasks)) {
    console.log(`  ${name} (${attempts}): ${error?.message ?? JSON.stringify(output)}`);
  }
  process.exitCode = status === 'succeeded' ? 0 : 1;
}
