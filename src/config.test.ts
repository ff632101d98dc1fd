import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

describe('loadConfig', () => {
  it('takes level and format of logs, and leaves both open where they are not set', () => {
    expect(loadConfig({ DAGWRIGHT_LOG_LEVEL: 'debug', DAGWRIGHT_LOG_FORMAT: 'text' })).toMatchObject({
      logLevel: 'debug',
      logFormat: 'text',
    });
    expect(loadConfig({ DAGWRIGHT_LOG_LEVEL: '' })).toMatchObject({ logLevel: undefined, logFormat: undefined });
  });

  it.each([
    ['DAGWRIGHT_LOG_LEVEL', 'loud', 'silent, error, warn, info or debug'],
    ['DAGWRIGHT_LOG_FORMAT', 'xml', 'json or text'],
  ])('refuses a %s that it does not know, and says what it may be', (name, value, allowed) => {
    expect(() => loadConfig({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `${name} is "${value}", which it cannot be.`,
        hint: `Set it to ${allowed}.`,
      }),
    );
  });
});

describe('an empty variable', () => {
  it('counts as not set', () => {
    const config = loadConfig({ TEMPORAL_ADDRESS: '', TEMPORAL_NAMESPACE: '' });
    expect(config.addressIsSet).toBe(false);
    expect(config.temporal.connectionOptions.address).toBeUndefined();
  });
});
