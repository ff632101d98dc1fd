const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The bytes of a size as Kubernetes writes it: `64Gi`, `512M`, `1048576`; undefined where the text is none, or is 0. */
export function parseByteSize(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?|\d{1,15})([kMGT]|[KMGT]i)?$/.exec(text) ?? [];
  const bytes = Math.round(Number(amount) * (UNITS[unit ?? ''] ?? NaN));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Bytes in the largest unit of 1,024 that leaves at most one decimal: 68,719,476,736 is `64Gi`. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['Ti', 'Gi', 'Mi', 'Ki']) {
    const size = UNITS[unit] ?? 1;
    if (bytes >= size) return `${Math.round((bytes / size) * 10) / 10}${unit}`;
  }
  return String(bytes);
}
