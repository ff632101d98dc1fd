import { describe, expect, it } from 'vitest';
import { formatByteSize, parseByteSize } from './byte-size.js';

describe('a size in bytes', () => {
  it.each([
    ['1048576', 1_048_576],
    ['512M', 512_000_000],
    ['64Gi', 68_719_476_736],
    ['1.5Gi', 1_610_612_736],
    ['2k', 2_000],
    ['2Ki', 2_048],
    ['1Ti', 1_099_511_627_776],
  ])('is read: %s', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each(['', '0', '0Gi', '-1', '1.', '.5Gi', '64gi', '64GB', '64 Gi', '1e9', '9999999999999999', '99999999Ti'])(
    'is none: "%s"',
    (text) => {
      expect(parseByteSize(text)).toBeUndefined();
    },
  );

  it('is told in a unit that fits', () => {
    const texts = [1, 2_048, 1_610_612_736, 68_719_476_736, 512_000_000].map(formatByteSize);
    expect(texts).toEqual(['1', '2Ki', '1.5Gi', '64Gi', '488.3Mi']);
  });
});
