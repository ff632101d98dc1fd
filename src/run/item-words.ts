import type { Json } from '../dag/json.js';

const LONGEST = 60;

/**
 * An item of a fan-out in few words: of an object its values alone, as what they are is the same for every item.
 * Undefined where that is long, or not to be said in a line.
 */
export function itemWords(item: Json | undefined): string | undefined {
  if (item === undefined) return undefined;
  const parts = typeof item === 'object' && item !== null ? (Object.values(item) as Json[]) : [item];
  if (parts.some((part) => typeof part === 'object' && part !== null)) return undefined;
  const words = parts.map(String).join(', ');
  return words === '' || words.length > LONGEST ? undefined : words;
}
