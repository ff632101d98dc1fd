/** 32 bits of a text: FNV-1a over its UTF-16 code units, then {@link mix}. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/** 32 bits in which each bit of both numbers counts for each bit. */
export function mixed(a: number, b: number): number {
  return mix(mix(a | 0) ^ (b + 0x9e3779b9));
}

/** A number above 0 and below 1, by 32 bits. */
export function fractionOf(hash: number): number {
  return ((hash >>> 0) + 0.5) / 4_294_967_296;
}

/** The finalizer of MurmurHash3 (Austin Appleby). */
function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
