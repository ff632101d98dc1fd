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

describe('the store', () => {
  it('is a folder in the state folder, where nobody says, and is swept after 30 days', () => {
    expect(loadConfig({ DAGWRIGHT_STATE: '/state' })).toMatchObject({
      store: { folder: '/state/store' },
      storeIsSet: false,
      storeMaximumAge: 30 * 86_400_000,
    });
  });

  it('is the folder that is set, or the bucket', () => {
    const age = { DAGWRIGHT_STORE_MAX_AGE: '1d12h' };
    expect(loadConfig({ DAGWRIGHT_STORE: '/shared', ...age })).toMatchObject({
      store: { folder: '/shared' },
      storeIsSet: true,
      storeMaximumAge: 36 * 3_600_000,
    });
    expect(loadConfig({ DAGWRIGHT_STORE: 's3://mine/runs' }).store).toEqual({
      bucket: 'mine',
      prefix: 'runs/',
      pathStyle: false,
    });
    const own = { DAGWRIGHT_STORE: 's3://mine', AWS_ENDPOINT_URL: 'http://localhost:9000' };
    expect(loadConfig(own).store).toEqual({ bucket: 'mine', prefix: '', pathStyle: true });
  });

  it.each([
    ['DAGWRIGHT_STORE', 'gs://mine'],
    ['DAGWRIGHT_STORE', 's3://'],
    ['DAGWRIGHT_STORE_MAX_AGE', 'soon'],
    ['DAGWRIGHT_STORE_MAX_AGE', '10m'],
  ])('refuses a %s of %s', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: `${name} is "${value}", which it cannot be.` }),
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
