import type { PlacementFacts } from '../../src/dag/placement.js';

/** What a placement may ask: nothing special of any task, but what `over` says. */
export function placementFacts(over: Partial<PlacementFacts> = {}): PlacementFacts {
  return {
    seed: 1,
    now: () => 0,
    estimateOf: () => 1_000,
    rankOf: () => 0,
    transferTo: () => 0,
    endsIn: () => [],
    affinityOf: (task) => `task-${task}`,
    ...over,
  };
}
