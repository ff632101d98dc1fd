/**
 * Changes of what a replay does. Each has a number; a history without it goes the old way, for ever.
 * - 1: an attempt that was told to stop, and was lost with its worker before it said so, has stopped. It counted as lost.
 * - 2: tasks that an act lets start, while the run waits to continue as new, start at once. They waited for other news.
 */
export const PATCHES = { lostWhileStopping: 'dagwright-1', actsStartTasks: 'dagwright-2' } as const;
