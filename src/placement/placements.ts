import type { Placement, PlacementFacts, PlacementName } from '../dag/placement.js';
import { ConsistentHash } from './consistent-hash.js';
import { Heft } from './heft.js';
import { LeastLoaded } from './least-loaded.js';
import { MinCostFlow } from './min-cost-flow.js';
import { Random } from './random.js';
import { RoundRobin } from './round-robin.js';
import { WeightedRoundRobin } from './weighted-round-robin.js';

const CREATE: Readonly<Record<PlacementName, (facts: PlacementFacts) => Placement>> = {
  random: (facts) => new Random(facts),
  'round-robin': () => new RoundRobin(),
  'weighted-round-robin': () => new WeightedRoundRobin(),
  'least-loaded': () => new LeastLoaded(),
  'consistent-hash': (facts) => new ConsistentHash(facts),
  'min-cost-flow': (facts) => new MinCostFlow(facts),
  heft: (facts) => new Heft(facts),
};

/** A new placement that remembers nothing; each run has its own. */
export function createPlacement(name: PlacementName, facts: PlacementFacts): Placement {
  return CREATE[name](facts);
}
