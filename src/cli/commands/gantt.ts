import { writeFile } from 'node:fs/promises';
import { DagwrightError } from '../../dag/errors.js';
import { EXIT } from '../exit-code.js';
import { ganttSvg } from '../gantt/gantt-svg.js';
import { renderGantt } from '../gantt/render-gantt.js';
import { outputHasColors, outputWidth, print } from '../output.js';
import { withFanOuts } from '../progress/made-status.js';
import { withClient } from '../server.js';
import type { ServerFlags } from '../server-flags.js';

export interface GanttOptions extends ServerFlags {
  readonly svg?: string;
  readonly width?: number;
  readonly all?: true;
}

/** Tasks in a chart that goes into a file or a pipe. */
const MOST_PRINTED = 50;
/** Lines of a chart that are no task. */
const FRAME_LINES = 9;

/** `dagwright gantt RUN`: in the terminal, or as SVG. */
export async function gantt(runId: string, options: GanttOptions): Promise<number> {
  const description = withFanOuts(await withClient(options, ({ client }) => client.get(runId).describe()));
  const now = Date.now();
  if (options.svg === undefined) {
    const room = process.stdout.isTTY ? Math.max(10, process.stdout.rows - FRAME_LINES) : MOST_PRINTED;
    const most = options.all ? Infinity : room;
    const width = Math.max(20, options.width ?? outputWidth());
    print(renderGantt(description, { width, most, now, color: outputHasColors() }));
    return EXIT.succeeded;
  }
  const picture = ganttSvg(description, {
    now,
    ...(options.width === undefined ? {} : { width: options.width }),
    ...(options.all ? { most: Infinity } : {}),
  });
  if (options.svg === '-') {
    process.stdout.write(picture);
    return EXIT.succeeded;
  }
  try {
    await writeFile(options.svg, picture);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DagwrightError('USAGE', `The picture cannot be written: ${reason}`, {
      hint: 'Give --svg the path of a file in a folder that is there, or - for stdout.',
      cause,
    });
  }
  print(`Written to ${options.svg}.`);
  return EXIT.succeeded;
}
