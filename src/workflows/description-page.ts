import { byteLength, type Json } from '../dag/json.js';
import type { LiveRun } from '../run/live-run.js';
import type { DescriptionPage } from './messages.js';

/** Tasks in one answer; the server takes no answer over 2 MB. */
const TASKS_PER_PAGE = 5_000;
/** Bytes of a page as JSON: errors may be long. Compressed they are far fewer. */
const BYTES_PER_PAGE = 4_194_304;

/** A part of the run's description: the tasks from `from` on, as many as fit into one answer. */
export function describePage(run: LiveRun, from: unknown, children: readonly string[]): DescriptionPage {
  const first = Number.isInteger(from) && (from as number) > 0 ? (from as number) : 0;
  const all = run.dag.tasks.length;
  for (let count = TASKS_PER_PAGE; ; count = Math.ceil(count / 2)) {
    const description = run.describe(first, first + count);
    const fits = count === 1 || byteLength(description as unknown as Json) <= BYTES_PER_PAGE;
    if (!fits) continue;
    return {
      description,
      ...(children.length > 0 ? { children } : {}),
      ...(first + count < all ? { next: first + count } : {}),
    };
  }
}
