import type { RunDescription } from '../../run/run.js';
import { EXIT, exitCodeOfRun } from '../exit-code.js';
import { takeInterrupts } from '../interrupt.js';
import { print, printError, printJson } from '../output.js';
import type { View } from '../progress/view.js';
import { viewFor } from '../progress/view-for.js';
import { watch as watchRun } from '../progress/watch.js';
import { summaryOf } from '../report-result.js';
import { connect, webUrlOf } from '../server.js';
import { configFor, sameServer, type ServerFlags } from '../server-flags.js';

export interface WatchOptions extends ServerFlags {
  readonly json?: true;
}

/** `dagwright watch RUN`: shows any run until it ends. Ctrl-C leaves it alone. */
export async function watch(runId: string, options: WatchOptions): Promise<number> {
  const config = configFor(options);
  const { client, server } = await connect(config);
  const interrupt = takeInterrupts();
  try {
    const { view, live } = await viewFor(options, config);
    let latest: RunDescription | undefined;
    const remembering: View = {
      ...view,
      update(status) {
        latest = status;
        view.update(status);
      },
    };
    const result = await watchRun(client.get(runId), remembering, interrupt.signal);
    if (result === undefined) {
      if (options.json) printJson({ runId, ...(latest && { dag: latest.dag, status: latest.state }) });
      else printError(`The run goes on. \`dagwright watch ${runId}${sameServer(options)}\` shows it again.`);
      return EXIT.detached;
    }
    if (options.json) printJson(result);
    else {
      // What a run made is in its last tasks' outputs; which are the last, only its dag says.
      print(summaryOf(result, { leaves: [], live, config }));
      const webUrl = webUrlOf(server, runId);
      if (webUrl !== undefined) print(`Web UI: ${webUrl}`);
    }
    return exitCodeOfRun(result.status);
  } finally {
    interrupt.release();
    await client.close();
  }
}
