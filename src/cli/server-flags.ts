import { loadConfig, type Config } from '../config.js';

/** The flags of every command that talks to a server. */
export interface ServerFlags {
  readonly address?: string;
  readonly namespace?: string;
  readonly taskQueue?: string;
}

/** The configuration, overlaid by what the command line says. */
export function configFor(flags: ServerFlags): Config {
  const config = loadConfig();
  const { connectionOptions } = config.temporal;
  return {
    ...config,
    temporal: {
      ...config.temporal,
      connectionOptions:
        flags.address === undefined ? connectionOptions : { ...connectionOptions, address: flags.address },
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
    },
    addressIsSet: config.addressIsSet || flags.address !== undefined,
    taskQueue: flags.taskQueue ?? config.taskQueue,
  };
}

/** The flags that lead back to the same server, for advice: ` --address host:port --namespace name`, those that were given. */
export function sameServer({ address, namespace }: ServerFlags): string {
  const flags = Object.entries({ address, namespace });
  return flags.map(([name, value]) => (value === undefined ? '' : ` --${name} ${quoted(value)}`)).join('');
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
