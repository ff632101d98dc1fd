/**
 * The quantile of some numbers, between two of them by their distance (Hyndman and Fan's type 7, as R and NumPy do).
 * NaN where there are none.
 * @param share From 0 (the least) to 1 (the greatest); 0.5 is the median.
 */
export function quantile(numbers: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(numbers).sort();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** Half of them may be anything, and it stays among the others. */
export function median(numbers: Iterable<number>): number {
  return quantile(numbers, 0.5);
}
