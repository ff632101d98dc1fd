import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sales } from '../examples/typed/sales.js';
import { createHandlers } from '../src/activities/handlers.js';
import { loadConfig } from '../src/config.js';
import type { Dag } from '../src/dag/dag.js';
import type { Json, JsonObject } from '../src/dag/json.js';
import type { RunResult } from '../src/run/run.js';
import { runLocally } from '../src/executor/local.js';
import { formatDiagnostic } from '../src/spec/diagnostic.js';
import type { FunctionDefinition } from '../src/spec/function-definition.js';
import { loadDagFile } from '../src/spec/load.js';
import { resolveParams } from '../src/spec/params.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { functionsBeside, loadFunctions } from '../src/worker/load-functions.js';
import { TestTemporal } from './support/temporal.js';

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));
const DATA = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
const AIRPORTS = ['ATL', 'CLT', 'DEN', 'DFW', 'DTW', 'EWR', 'LAS', 'LAX', 'MSP', 'ORD', 'PHX', 'STL'];

type RunDag = (dag: Dag, functions: readonly FunctionDefinition[], params: JsonObject) => Promise<RunResult>;
const executors: readonly (readonly [name: string, runDag: RunDag])[] = [
  ['local', runOnLocal],
  ['temporal', runOnTemporal],
];

let temporal: TestTemporal;
let folder: string;
let logFolder: string;

beforeAll(async () => {
  temporal = await TestTemporal.start();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-examples-'));
  logFolder = await mkdtemp(join(tmpdir(), 'dagwright-logs-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(logFolder, { recursive: true, force: true });
});

async function runOnLocal(dag: Dag, functions: readonly FunctionDefinition[], params: JsonObject): Promise<RunResult> {
  const handlers = createHandlers({ environment: loadConfig().environment, functions });
  return runLocally(dag, { ...resolveParams(dag, params), handlers, logFolder, validate: true }).result();
}

async function runOnTemporal(
  dag: Dag,
  functions: readonly FunctionDefinition[],
  params: JsonObject,
): Promise<RunResult> {
  const worker = await DagWorker.start({ address: temporal.address, functions, config: temporal.config });
  try {
    return await (await worker.client.start(dag, { params })).result();
  } finally {
    await worker.shutdown();
  }
}

/** As the command line does: the file must pass, and its functions lie beside it. */
async function runFile(runDag: RunDag, file: string, params: JsonObject): Promise<RunResult> {
  const { dag, diagnostics } = await loadDagFile(file);
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  if (dag === undefined) throw new Error('No diagnostics and no dag.');
  const beside = await functionsBeside(file);
  return runDag(dag, beside === undefined ? [] : await loadFunctions([beside]), params);
}

describe.each(executors)('examples/flights on the %s executor', (_name, runDag) => {
  it.each(['20k', '2k'])('gives the figures that the raw records give (sample %s)', async (sample) => {
    const result = await runFlights(runDag, sample);

    const flights = await readRecords(`flights-${sample}.json`);
    const departures = await readRecords('flights-200k.json');
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
    expect(report.records).toEqual({ byAirport: flights.length, byHour: departures.length });
    expect(report.airports.map(({ airport }) => airport).sort()).toEqual(AIRPORTS);
    for (const figures of report.airports) {
      expectFigures(
        figures,
        flights.filter(({ origin }) => origin === figures.airport),
      );
    }
    expect(report.hours.map(({ hour }) => hour)).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
    for (const figures of report.hours) {
      expectFigures(
        figures,
        departures.filter(({ time }) => Number(time) >= figures.hour && Number(time) < figures.hour + 1),
      );
    }
    const shares = report.airports.map(({ lateShare }) => lateShare);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(report.airports.find(({ airport }) => airport === 'ORD')?.city).toBe('Chicago');
    expect(result.tasks['check']?.output).toEqual({
      report: join(folder, 'report.json'),
      chart: join(folder, 'report.svg'),
      page: join(folder, 'report.html'),
    });
  });

  it('draws each figure once, to scale, in well-formed XML', async () => {
    await runFlights(runDag, '10k');

    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
    const elements = parseXml(await readFile(join(folder, 'report.svg'), 'utf8'));
    const airports = elements.filter(({ attributes }) => attributes['class'] === 'airport');
    expect(airports.map(({ attributes }) => [attributes['data-airport'], Number(attributes['data-share'])])).toEqual(
      report.airports.map(({ airport, lateShare }) => [airport, lateShare]),
    );
    expectToScale(airports.map(({ attributes }) => [Number(attributes['width']), Number(attributes['data-share'])]));
    const counted = report.hours.filter(({ flights }) => flights >= 100);
    const hours = elements.filter(({ attributes }) => attributes['class'] === 'hour');
    expect(hours.map(({ attributes }) => [Number(attributes['data-hour']), Number(attributes['data-share'])])).toEqual(
      counted.map(({ hour, lateShare }) => [hour, lateShare]),
    );
    expectToScale(hours.map(({ attributes }) => [Number(attributes['height']), Number(attributes['data-share'])]));
    const [svg] = elements;
    for (const { name, attributes } of elements) {
      if (name !== 'rect') continue;
      expect(Number(attributes['x'] ?? 0) + Number(attributes['width'])).toBeLessThanOrEqual(
        Number(svg?.attributes['width']),
      );
      expect(Number(attributes['y'] ?? 0) + Number(attributes['height'])).toBeLessThanOrEqual(
        Number(svg?.attributes['height']),
      );
    }
  });

  it('leaves whole files only, the chart within the page, the report packed', async () => {
    const result = await runFlights(runDag, '2k');

    expect((await readdir(folder)).sort()).toEqual([
      'parts',
      'report.html',
      'report.json',
      'report.json.gz',
      'report.svg',
    ]);
    expect(await readdir(join(folder, 'parts', 'airports-2k'))).toHaveLength(AIRPORTS.length);
    expect(await readdir(join(folder, 'parts', 'hours'))).toHaveLength(24);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain(
      await readFile(join(folder, 'report.svg'), 'utf8'),
    );
    const report = await readFile(join(folder, 'report.json'), 'utf8');
    expect(gunzipSync(await readFile(join(folder, 'report.json.gz'))).toString()).toBe(report);
    expect(Object.values(result.tasks).map(({ attempts }) => attempts)).toEqual(Array.from({ length: 25 }, () => 1));
  });

  async function runFlights(run: RunDag, sample: string): Promise<RunResult> {
    const result = await runFile(run, join(EXAMPLES, 'flights/dag.yaml'), { sample, out: folder });
    expect(failuresOf(result)).toEqual({});
    expect(result.status).toBe('succeeded');
    return result;
  }
});

describe.each(executors)('examples/shell on the %s executor', (_name, runDag) => {
  it('builds, though its mirror is busy twice and its linter complains', async () => {
    await copyFile(join(EXAMPLES, 'shell/dag.yaml'), join(folder, 'dag.yaml'));

    const result = await runFile(runDag, join(folder, 'dag.yaml'), { name: 'Ada "the first" $HOME' });

    expect(result.status).toBe('succeeded');
    expect(failuresOf(result)).toMatchObject({ lint: { code: 'SHELL_EXIT', details: { exitCode: 1 } } });
    expect(Object.keys(failuresOf(result))).toEqual(['lint']);
    expect(result.tasks['licence']).toMatchObject({ status: 'succeeded', attempts: 3 });
    expect(result.tasks['sources']?.output).toEqual({ files: ['greet.js', 'main.js'] });
    expect(result.tasks['test']?.output).toEqual({ said: 'Hello, Ada "the first" $HOME!' });
    const archive = result.tasks['pack']?.output as { archive: string; files: number };
    expect(archive.files).toBe(3);
    expect((await readFile(archive.archive)).toString('latin1')).toContain('Hello, Ada "the first" $HOME!');
  });
});

describe.each(executors)('examples/typed on the %s executor', (_name, runDag) => {
  it('adds up the orders and hands typed outputs on', async () => {
    const result = await runDag(sales.dag, sales.functions, { currency: 'USD' });

    expect(failuresOf(result)).toEqual({});
    const lines = (await readFile(join(EXAMPLES, 'typed/orders.csv'), 'utf8')).trim().split('\n').slice(1);
    const cents = lines.map((line) =>
      line
        .split(',')
        .slice(2)
        .map(Number)
        .reduce((a, b) => a * b),
    );
    expect(result.tasks['orders']?.output).toHaveLength(lines.length);
    expect(result.tasks['report']?.output).toEqual({
      sentence: 'North sold for $253.30, south for $424.90; most of all coffee (55 pieces).',
      cents: cents.reduce((a, b) => a + b),
    });
  });
});

interface Figures {
  readonly flights: number;
  readonly late: number;
  readonly lateShare: number;
  readonly meanDelay: number;
  readonly medianDelay: number;
  readonly p90Delay: number;
}

interface Report {
  readonly records: { readonly byAirport: number; readonly byHour: number };
  readonly airports: readonly (Figures & { readonly airport: string; readonly city: string })[];
  readonly hours: readonly (Figures & { readonly hour: number })[];
}

type FlightRecord = Readonly<Record<string, Json>> & { readonly delay: number };

async function readRecords(file: string): Promise<FlightRecord[]> {
  return JSON.parse(await readFile(join(DATA, file), 'utf8')) as FlightRecord[];
}

/** Counts flights per delay, and walks the counts: another way than the example's, which sorts the delays. */
function expectFigures(figures: Figures, flights: readonly FlightRecord[]): void {
  const byDelay = new Map<number, number>();
  for (const { delay } of flights) byDelay.set(delay, (byDelay.get(delay) ?? 0) + 1);
  let late = 0;
  let sum = 0;
  let seen = 0;
  let median: number | undefined;
  let ninth: number | undefined;
  for (let delay = Math.min(...byDelay.keys()); delay <= Math.max(...byDelay.keys()); delay++) {
    const count = byDelay.get(delay) ?? 0;
    seen += count;
    sum += count * delay;
    if (delay >= 15) late += count;
    if (seen * 2 >= flights.length) median ??= delay;
    if (seen * 10 >= flights.length * 9) ninth ??= delay;
  }
  expect(figures.flights).toBe(flights.length);
  expect(figures.late).toBe(late);
  expectRounded(figures.lateShare, late / flights.length, 4);
  expectRounded(figures.meanDelay, sum / flights.length, 2);
  expect(figures.medianDelay).toBe(median);
  expect(figures.p90Delay).toBe(ninth);
}

function expectRounded(value: number, exact: number, digits: number): void {
  expect(Math.abs(value - exact)).toBeLessThanOrEqual(0.5 * 10 ** -digits + 1e-9);
  expect(Number(value.toFixed(digits))).toBe(value);
}

/** Every bar's length is to its share as that of the longest; a tenth of a pixel is lost to rounding. */
function expectToScale(bars: readonly (readonly [length: number, share: number])[]): void {
  const [longest = 0, most = 0] = bars.reduce((a, b) => (b[1] > a[1] ? b : a));
  expect(longest).toBeGreaterThan(100);
  for (const [length, share] of bars) expect(Math.abs(length - (share / most) * longest)).toBeLessThanOrEqual(0.11);
}

function failuresOf(result: RunResult): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(result.tasks).flatMap(([name, task]) => (task.status === 'succeeded' ? [] : [[name, task.error]])),
  );
}

interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The elements of a document in their order.
 * @throws Error where the document is not well-formed, as far as it has elements, attributes and text only.
 */
function parseXml(text: string): XmlElement[] {
  const elements: XmlElement[] = [];
  const open: string[] = [];
  for (const [, tag, chars] of text.matchAll(/(<[^>]*>)|([^<]+)/g)) {
    if (tag === undefined) {
      checkText(chars ?? '');
      if (open.length === 0 && chars?.trim() !== '') throw new Error(`Text outside of the document: ${chars}`);
      continue;
    }
    const closing = /^<\/([\w:-]+)\s*>$/.exec(tag);
    if (closing !== null) {
      const name = open.pop();
      if (name !== closing[1]) throw new Error(`${tag} closes ${name}.`);
      continue;
    }
    const opening = /^<([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>$/.exec(tag);
    if (opening === null) throw new Error(`No tag: ${tag}`);
    const [, name = '', list = '', end] = opening;
    if (open.length === 0 && elements.length > 0) throw new Error(`A second root: ${tag}`);
    const attributes: Record<string, string> = {};
    for (const [, key = '', value = ''] of list.matchAll(/([\w:-]+)="([^"]*)"/g)) {
      if (key in attributes) throw new Error(`${tag} has ${key} twice.`);
      checkText(value);
      attributes[key] = value;
    }
    elements.push({ name, attributes });
    if (end === '') open.push(name);
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.join(', ')}`);
  return elements;
}

function checkText(text: string): void {
  const bare = /&(?!(?:#\d+|#x[\da-f]+|amp|lt|gt|quot|apos);)/i.exec(text);
  if (bare !== null) throw new Error(`A bare & in: ${text}`);
}
