/**
 * The functions that dag.yaml names. Each attempt may run again after a crash: it reads only its inputs, and writes a
 * file by another name first, so that nobody ever sees half of one.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { defineFunction } from 'dagwright';
import { z } from 'zod';
import { drawChart } from './chart.mjs';
import { drawPage } from './page.mjs';

/**
 * @typedef {{ date: string, delay: number, distance: number, origin: string, destination: string }} Flight
 * @typedef {{ time: number, delay: number, distance: number }} Departure `time` is the hour of the day, 0 to 24.
 */

/** The official measure of the U.S. Department of Transportation: late is 15 minutes or more after schedule. */
const LATE_MINUTES = 15;

const Figures = z.object({
  flights: z.int().positive(),
  late: z.int().nonnegative(),
  lateShare: z.number().min(0).max(1),
  meanDelay: z.number(),
  medianDelay: z.number(),
  p90Delay: z.number(),
});
const Airport = Figures.extend({ airport: z.string() });
const Hour = Figures.extend({ hour: z.int().min(0).max(23) });
const Hours = z.array(Hour);
const Parts = z.object({ folder: z.string(), flights: z.int(), parts: z.record(z.string(), z.int()) });
const Report = z.object({
  sample: z.string(),
  lateMinutes: z.number(),
  records: z.object({ byAirport: z.int(), byHour: z.int() }),
  airports: z.array(Airport.extend({ city: z.string() })),
  hours: Hours,
});

/** Writes the flights of each airport to a file of its own. */
export const splitByAirport = defineFunction('splitByAirport', {
  input: z.object({ airports: z.array(z.string().regex(/^[A-Z]{3}$/)).min(1) }),
  output: Parts,
  async run({ airports }, context) {
    const sample = String(context.params['sample']);
    /** @type {Flight[]} */
    const flights = await readData(`flights-${sample}.json`);
    const folder = join(outOf(context), 'parts', `airports-${sample}`);
    /** @type {Record<string, number>} */
    const parts = {};
    for (const airport of airports) {
      context.signal.throwIfAborted();
      const part = flights.filter((flight) => flight.origin === airport);
      if (part.length === 0) throw new Error(`No flight of the sample leaves from ${airport}.`);
      await writeWhole(join(folder, `${airport}.json`), JSON.stringify(part));
      parts[airport] = part.length;
      context.log.write(`${airport}: ${part.length} flights`);
    }
    return { folder, flights: flights.length, parts };
  },
});

/** Writes the flights of each hour of the day to a file of its own. */
export const splitByHour = defineFunction('splitByHour', {
  output: Parts,
  async run(_input, context) {
    /** @type {Departure[]} */
    const flights = await readData('flights-200k.json');
    const folder = join(outOf(context), 'parts', 'hours');
    const hours = Array.from({ length: 24 }, () => /** @type {Departure[]} */ ([]));
    for (const flight of flights) hours[Math.floor(flight.time)]?.push(flight);
    /** @type {Record<string, number>} */
    const parts = {};
    for (const [hour, part] of hours.entries()) {
      context.signal.throwIfAborted();
      await writeWhole(join(folder, `${hour}.json`), JSON.stringify(part));
      parts[hour] = part.length;
    }
    context.log.write(`${flights.length} flights in 24 hours`);
    return { folder, flights: flights.length, parts };
  },
});

/** The figures of one airport. */
export const summariseAirport = defineFunction('summariseAirport', {
  input: z.object({ airport: z.string() }),
  output: Airport,
  async run({ airport }, context) {
    const { folder } = Parts.parse(context.needs['split-airports']);
    return { airport, ...figuresOf(await readJson(join(folder, `${airport}.json`))) };
  },
});

/** The figures of each hour of a part of the day. */
export const summariseHours = defineFunction('summariseHours', {
  input: z.object({ from: z.int().min(0), to: z.int().max(23) }),
  output: Hours,
  async run({ from, to }, context) {
    const { folder } = Parts.parse(context.needs['split-hours']);
    const hours = [];
    for (let hour = from; hour <= to; hour += 1) {
      context.signal.throwIfAborted();
      hours.push({ hour, ...figuresOf(await readJson(join(folder, `${hour}.json`))) });
    }
    return hours;
  },
});

/** Which city each airport of the split serves. */
export const findCities = defineFunction('findCities', {
  output: z.record(z.string(), z.string()),
  async run(_input, context) {
    const { parts } = Parts.parse(context.needs['split-airports']);
    const rows = (await readFile(dataFile('airports.csv'), 'utf8')).split('\n').map((line) => line.split(','));
    // From the end, since the name, the second of the seven fields, may hold commas.
    const cityOf = new Map(rows.map((fields) => [fields[0], fields.at(-5)]));
    return Object.fromEntries(Object.keys(parts).map((airport) => [airport, cityOf.get(airport) ?? airport]));
  },
});

/** Joins all figures into one report: airports with the most punctual first, hours from 0 to 23. */
export const joinFigures = defineFunction('joinFigures', {
  output: Report,
  async run(_input, context) {
    const { 'split-airports': byAirport, 'split-hours': byHour, cities, ...figures } = context.needs;
    const cityOf = z.record(z.string(), z.string()).parse(cities);
    const summaries = Object.values(figures);
    const airports = summaries.filter((summary) => !Array.isArray(summary)).map((summary) => Airport.parse(summary));
    const hours = summaries.filter(Array.isArray).flatMap((summary) => Hours.parse(summary));
    return {
      sample: String(context.params['sample']),
      lateMinutes: LATE_MINUTES,
      records: { byAirport: Parts.parse(byAirport).flights, byHour: Parts.parse(byHour).flights },
      airports: airports
        .map((figure) => ({ ...figure, city: cityOf[figure.airport] ?? figure.airport }))
        .sort((a, b) => a.lateShare - b.lateShare || a.airport.localeCompare(b.airport)),
      hours: hours.sort((a, b) => a.hour - b.hour),
    };
  },
});

/** Writes the report as JSON. */
export const writeReport = defineFunction('writeReport', {
  output: z.object({ path: z.string() }),
  async run(_input, context) {
    const report = Report.parse(context.needs['join']);
    return { path: await writeWhole(join(outOf(context), 'report.json'), `${JSON.stringify(report, null, 2)}\n`) };
  },
});

/** Draws the report as an SVG. */
export const writeChart = defineFunction('writeChart', {
  output: z.object({ path: z.string() }),
  async run(_input, context) {
    const report = Report.parse(context.needs['join']);
    return { path: await writeWhole(join(outOf(context), 'report.svg'), drawChart(report)) };
  },
});

/** Writes a page that holds the chart and a table of the figures. */
export const writePage = defineFunction('writePage', {
  input: z.object({ title: z.string() }),
  output: z.object({ path: z.string() }),
  async run({ title }, context) {
    const report = Report.parse(context.needs['join']);
    const chart = z.object({ path: z.string() }).parse(context.needs['chart']);
    const page = drawPage(title, report, await readFile(chart.path, 'utf8'));
    return { path: await writeWhole(join(outOf(context), 'report.html'), page) };
  },
});

/** @param {{ delay: number }[]} flights */
function figuresOf(flights) {
  const delays = flights.map((flight) => flight.delay).sort((a, b) => a - b);
  const late = delays.filter((delay) => delay >= LATE_MINUTES).length;
  return {
    flights: delays.length,
    late,
    lateShare: round(late / delays.length, 4),
    meanDelay: round(delays.reduce((sum, delay) => sum + delay, 0) / delays.length, 2),
    medianDelay: quantile(delays, 0.5),
    p90Delay: quantile(delays, 0.9),
  };
}

/**
 * The smallest delay that at least this share of the flights does not exceed ("nearest rank").
 * @param {number[]} sorted
 * @param {number} share
 */
function quantile(sorted, share) {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}

/**
 * The folder of the results: the param `out`, seen from the folder of this file.
 * @param {{ params: import('dagwright').JsonObject }} context
 */
function outOf(context) {
  return resolve(import.meta.dirname, String(context.params['out']));
}

/** @param {string} name */
function dataFile(name) {
  return join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data', name);
}

/** @param {string} name */
function readData(name) {
  return readJson(dataFile(name));
}

/** @param {string} path */
async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

/**
 * Writes a file whole or not at all, and gives its path.
 * @param {string} path
 * @param {string} text
 */
async function writeWhole(path, text) {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomUUID()}.tmp`;
  await writeFile(unfinished, text);
  await rename(unfinished, path);
  return path;
}
