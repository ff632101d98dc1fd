/**
 * Changes of what a replay does. Each has a number; a history without it goes the old way, for ever.
 * - 1: an attempt that was told to stop, and was lost with its worker before it said so, has stopped. It counted as lost.
 * - 2: tasks that an act lets start, while the run waits to continue as new, start at once. They waited for other news.
 * - 3: a task may be handed 4 MiB. It was refused over 1.5 MiB.
 * - 4: a run continues as new with up to 4 MiB that its tasks wait for. It went on as it was over 1 MiB.
 * - 5: of a task that holds slots of pools the run itself makes further attempts: it holds nothing between two. The server
 *   did, and it held them.
 * - 6: where a task was let out for a pool that another one took, those behind it that fit pass it at once, in the order of
 *   the policy. They waited until nobody else was in the line.
 */
export const PATCHES = {
  lostWhileStopping: 'dagwright-1',
  actsStartTasks: 'dagwright-2',
  largerCalls: 'dagwright-3',
  largerCarry: 'dagwright-4',
  retriesByRun: 'dagwright-5',
  smallerPass: 'dagwright-6',
} as const;
