/** Cores as a text: `2`, `0.5`, or in thousandths `500m`. */
export const CORES_PATTERN = /^\d{1,6}(?:\.\d{1,3})?$|^\d{1,9}m$/;

/** Bytes as a text: `1000000`, `512Mi`, `1.5Gi`, `4G`. */
export const BYTES_PATTERN = /^\d{1,15}(?:\.\d{1,3})?(?:[KMGTP]i|[kMGTP])?$/;

/** The most cores that may be asked for. */
export const MAXIMUM_CORES = 100_000;

const UNITS: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** The cores of a text like `2` or `500m`; undefined where it is none, 0, or too many. */
export function parseCores(text: string): number | undefined {
  if (!CORES_PATTERN.test(text)) return undefined;
  const cores = text.endsWith('m') ? Number(text.slice(0, -1)) / 1_000 : Number(text);
  return cores > 0 && cores <= MAXIMUM_CORES ? cores : undefined;
}

/** The bytes of a text like `512Mi` or `4G`, rounded; undefined where it is none, 0, or more than can be counted. */
export function parseBytes(text: string): number | undefined {
  if (!BYTES_PATTERN.test(text)) return undefined;
  const unit = /[A-Za-z]+$/.exec(text)?.[0] ?? '';
  const amount = Number(text.slice(0, text.length - unit.length));
  const bytes = Math.round(amount * (UNITS[unit] ?? 1));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
