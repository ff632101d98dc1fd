/**
 * Changes of what a replay does. Each has a number; a history without it goes the old way, for ever.
 * - 1: an attempt that was told to stop, and was lost with its worker before it said so, has stopped. It counted as lost.
 */
export const PATCHES = { lostWhileStopping: 'dagwright-1' } as const;
