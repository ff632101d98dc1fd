/**
 * What `cheapestTransport` must give, found the plain way: which items have room is decided one after the other by
 * searching a way for one unit more; then the costs of those by successive shortest paths, each found by Bellman and Ford's
 * algorithm on the whole network, edge by edge.
 */
export function plainTransport(
  items: number,
  room: readonly number[],
  costOf: (item: number, sink: number) => number,
): { readonly placed: readonly number[]; readonly cost: number } {
  const placed: number[] = [];
  for (let item = 0; item < items; item++) {
    if (cheapestFlow([...placed, item], room, costOf).flow > placed.length) placed.push(item);
  }
  return { placed, cost: cheapestFlow(placed, room, costOf).cost };
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
  capacity: number;
}

function cheapestFlow(
  items: readonly number[],
  room: readonly number[],
  costOf: (item: number, sink: number) => number,
): { readonly flow: number; readonly cost: number } {
  const end = items.length + room.length + 1;
  /** Each edge is followed by its reverse. */
  const edges: Edge[] = [];
  const connect = (from: number, to: number, capacity: number, cost: number): void => {
    edges.push({ from, to, capacity, cost }, { from: to, to: from, capacity: 0, cost: -cost });
  };
  items.forEach((item, index) => {
    connect(0, index + 1, 1, 0);
    room.forEach((_, sink) => {
      const cost = costOf(item, sink);
      if (cost < Infinity) connect(index + 1, items.length + 1 + sink, 1, cost);
    });
  });
  room.forEach((slots, sink) => connect(items.length + 1 + sink, end, slots, 0));
  let flow = 0;
  let cost = 0;
  for (;;) {
    const distance = Array.from({ length: end + 1 }, (_, vertex) => (vertex === 0 ? 0 : Infinity));
    const by: number[] = [];
    for (let changed = true; changed;) {
      changed = false;
      edges.forEach((edge, index) => {
        if (edge.capacity === 0 || distance[edge.from]! + edge.cost >= distance[edge.to]!) return;
        distance[edge.to] = distance[edge.from]! + edge.cost;
        by[edge.to] = index;
        changed = true;
      });
    }
    if (distance[end] === Infinity) return { flow, cost };
    for (let vertex = end; vertex !== 0; vertex = edges[by[vertex]!]!.from) {
      edges[by[vertex]!]!.capacity--;
      edges[by[vertex]! ^ 1]!.capacity++;
    }
    flow++;
    cost += distance[end]!;
  }
}
