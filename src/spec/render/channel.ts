import type { Place } from './layout.js';

/** Edges that share one vertical line: every source leads to every target. */
export interface Net {
  readonly sources: readonly Place[];
  readonly targets: readonly Place[];
  readonly top: number;
  readonly bottom: number;
  /** The column of its vertical line in the channel; -1 for a net that is one straight line. */
  track: number;
}

/** The edges between two columns, laid out. Undefined where they cannot be drawn without being misread. */
export function channelOf(column: readonly Place[]): { nets: Net[]; tracks: number } | undefined {
  const nets = netsOf(column);
  const tracks = assignTracks(nets);
  return tracks === undefined ? undefined : { nets, tracks };
}

/**
 * Sources with the same targets share a net. A target that several nets would reach gets an edge of its own from each
 * source instead: where lines meet, what comes in must not seem to go on along another line.
 */
function netsOf(column: readonly Place[]): Net[] {
  const ids = new Map<Place, number>();
  const groups = new Map<string, { sources: Place[]; targets: readonly Place[] }>();
  for (const source of column) {
    const key = source.next
      .map((target) => {
        if (!ids.has(target)) ids.set(target, ids.size);
        return ids.get(target) ?? 0;
      })
      .sort((a, b) => a - b)
      .join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { sources: [source], targets: source.next });
    else group.sources.push(source);
  }
  const reached = new Map<Place, number>();
  for (const { targets } of groups.values())
    for (const target of targets) reached.set(target, (reached.get(target) ?? 0) + 1);
  const nets: Net[] = [];
  for (const { sources, targets } of groups.values()) {
    const own = targets.filter((target) => reached.get(target) === 1);
    if (own.length > 0) nets.push(netOf(sources, own));
    for (const target of targets) {
      if (own.includes(target)) continue;
      // One target alone cannot be misread.
      if (targets.length === 1) nets.push(netOf(sources, [target]));
      else for (const source of sources) nets.push(netOf([source], [target]));
    }
  }
  return nets;
}

function netOf(sources: readonly Place[], targets: readonly Place[]): Net {
  const rows = [...sources, ...targets].map((place) => place.row);
  return { sources, targets, top: Math.min(...rows), bottom: Math.max(...rows), track: -1 };
}

/** Gives every net that bends a track; gives how many there are, or undefined where the rules contradict each other. */
function assignTracks(nets: readonly Net[]): number | undefined {
  const bent = nets.filter((net) => net.top !== net.bottom);
  const after = new Map<Net, Set<Net>>(bent.map((net) => [net, new Set()]));
  for (const a of bent) {
    for (const b of bent) {
      if (a !== b && mustPrecede(a, b)) after.get(b)?.add(a);
    }
  }
  const done = new Set<Net>();
  let tracks = 0;
  while (done.size < bent.length) {
    const free = bent.filter(
      (net) => !done.has(net) && [...(after.get(net) ?? [])].every((before) => done.has(before)),
    );
    if (free.length === 0) return undefined;
    free.sort((a, b) => a.top - b.top);
    // Nets above each other share a track.
    let bottom = Number.NEGATIVE_INFINITY;
    for (const net of free) {
      if (net.top <= bottom) continue;
      net.track = tracks;
      bottom = net.bottom;
      done.add(net);
    }
    tracks += 1;
  }
  return tracks;
}

/** On a row, what leaves a source must have turned off before what goes to a target turns in. */
function mustPrecede(a: Net, b: Net): boolean {
  return a.sources.some((source) => b.targets.some((target) => target.row === source.row));
}
