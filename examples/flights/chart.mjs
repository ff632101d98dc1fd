/**
 * Draws the report as one SVG picture, without a library: on the left the share of late flights by hour, on the right by
 * airport. Both halves share their measure and their colours.
 *
 * @typedef {{ flights: number, late: number, lateShare: number, meanDelay: number, medianDelay: number, p90Delay: number }} Figures
 * @typedef {Figures & { hour: number }} Hour
 * @typedef {Figures & { airport: string, city: string }} Airport
 * @typedef {{ lateMinutes: number, records: { byAirport: number, byHour: number }, airports: Airport[], hours: Hour[] }} Report
 */

/** An hour with fewer flights says nothing. */
export const FEWEST_FLIGHTS = 100;

const WIDTH = 1240;
const HEIGHT = 640;
const INK = '#1f2933';
const MUTED = '#667380';
const GRID = '#e4e7eb';
/** From punctual to late; the last is reached at half of all flights. */
const RAMP = ['#1b998b', '#8fbf7f', '#f2c14e', '#f08a4b', '#d1495b', '#9e2a48'];

const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 0 });
const count = new Intl.NumberFormat('en-US');

/**
 * @param {Report} report
 * @returns {string} A whole SVG document.
 */
export function drawChart(report) {
  const counted = report.hours.filter((hour) => hour.flights >= FEWEST_FLIGHTS);
  const best = counted.reduce((a, b) => (b.lateShare < a.lateShare ? b : a));
  const worst = counted.reduce((a, b) => (b.lateShare > a.lateShare ? b : a));
  const summary =
    `Of the flights that leave from ${clock(best.hour)} to ${clock(best.hour + 1)}, ${percent.format(best.lateShare)} ` +
    `land ${report.lateMinutes} minutes late or more; from ${clock(worst.hour)} to ${clock(worst.hour + 1)}, ${percent.format(worst.lateShare)}.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title summary" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', sans-serif" font-size="13" fill="${INK}">
  <title id="title">Late flights by hour and by airport</title>
  <desc id="summary">${escape(summary)}</desc>
  <rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
  <text x="40" y="52" font-size="28" font-weight="700">The later you leave, the later you land</text>
  <text x="40" y="80" font-size="15" fill="${MUTED}">${escape(summary)}</text>
${drawHours(report.hours, { x: 84, y: 160, width: 640, height: 370 })}
${drawAirports(report.airports, { x: 924, y: 160, width: 216, height: 370 })}
  <text x="40" y="602" font-size="12" fill="${MUTED}">Hours are local and of the real departure, so most flights after midnight are late ones of the evening before. Delays are of the arrival; cancelled flights are left out.</text>
  <text x="40" y="620" font-size="12" fill="${MUTED}">Source: U.S. Bureau of Transportation Statistics, samples of ${count.format(report.records.byHour)} (hours) and ${count.format(report.records.byAirport)} (airports, early 2001) flights in the npm package vega-datasets.</text>
</svg>
`;
}

/**
 * Columns, from 5:00, when the day of an airport begins, to 5:00.
 * @param {Hour[]} hours
 * @param {{ x: number, y: number, width: number, height: number }} box
 */
function drawHours(hours, box) {
  const tenths = tenthsOf(hours.filter((hour) => hour.flights >= FEWEST_FLIGHTS));
  const top = tenths.at(-1) ?? 1;
  const bottom = box.y + box.height;
  const slot = box.width / 24;
  const parts = [heading(40, box.y - 34, 'By hour of departure')];
  for (const share of tenths) {
    const y = bottom - (share / top) * box.height;
    parts.push(
      `<line x1="${box.x}" x2="${box.x + box.width}" y1="${at(y)}" y2="${at(y)}" stroke="${share === 0 ? MUTED : GRID}"/>`,
      `<text x="${box.x - 10}" y="${at(y + 4)}" text-anchor="end" fill="${MUTED}">${percent.format(share)}</text>`,
    );
  }
  parts.push(
    `<text transform="translate(34 ${at(box.y + box.height / 2)}) rotate(-90)" text-anchor="middle" fill="${MUTED}">flights that land late (% of the hour's)</text>`,
  );
  const sparse = [];
  for (const figures of hours) {
    const left = box.x + ((figures.hour + 19) % 24) * slot;
    const middle = left + slot / 2;
    if (figures.hour % 3 === 2) {
      parts.push(
        `<text x="${at(left)}" y="${bottom + 20}" text-anchor="middle" fill="${MUTED}">${clock(figures.hour)}</text>`,
      );
    }
    parts.push(`<line x1="${at(left)}" x2="${at(left)}" y1="${bottom}" y2="${bottom + 5}" stroke="${MUTED}"/>`);
    if (figures.flights < FEWEST_FLIGHTS) {
      sparse.push(left);
      continue;
    }
    const height = (figures.lateShare / top) * box.height;
    const hint = `${clock(figures.hour)} to ${clock(figures.hour + 1)}: ${hintOf(figures)}`;
    parts.push(
      `<rect class="hour" data-hour="${figures.hour}" data-share="${figures.lateShare}" x="${at(left + 2)}" y="${at(bottom - height)}" width="${at(slot - 4)}" height="${at(height)}" rx="2" fill="${colour(figures.lateShare)}"><title>${escape(hint)}</title></rect>`,
      `<text x="${at(middle)}" y="${at(bottom - height - 6)}" text-anchor="middle" font-size="12" stroke="#ffffff" stroke-width="4" paint-order="stroke">${Math.round(figures.lateShare * 100)}</text>`,
    );
  }
  for (const left of sparse) {
    parts.push(
      `<rect x="${at(left)}" y="${box.y}" width="${at(slot)}" height="${box.height}" fill="#f4f5f7"/>`,
      `<text transform="translate(${at(left + slot / 2 + 4)} ${bottom - 10}) rotate(-90)" font-size="12" fill="${MUTED}">fewer than ${FEWEST_FLIGHTS} flights</text>`,
    );
  }
  parts.push(
    `<text x="${box.x + box.width}" y="${bottom + 20}" text-anchor="middle" fill="${MUTED}">${clock(5)}</text>`,
    `<line x1="${box.x + box.width}" x2="${box.x + box.width}" y1="${bottom}" y2="${bottom + 5}" stroke="${MUTED}"/>`,
    `<text x="${at(box.x + box.width / 2)}" y="${bottom + 42}" text-anchor="middle" fill="${MUTED}">hour of departure (local time)</text>`,
  );
  return group('hours', parts);
}

/**
 * Bars, the most punctual airport first.
 * @param {Airport[]} airports
 * @param {{ x: number, y: number, width: number, height: number }} box
 */
function drawAirports(airports, box) {
  const tenths = tenthsOf(airports);
  const top = tenths.at(-1) ?? 1;
  const bottom = box.y + box.height;
  const slot = box.height / airports.length;
  const thickness = Math.min(slot - 6, 24);
  const parts = [heading(box.x - 148, box.y - 34, 'By airport of departure')];
  for (const share of tenths) {
    const x = box.x + (share / top) * box.width;
    parts.push(
      `<line x1="${at(x)}" x2="${at(x)}" y1="${box.y}" y2="${bottom}" stroke="${share === 0 ? MUTED : GRID}"/>`,
      `<text x="${at(x)}" y="${bottom + 20}" text-anchor="middle" fill="${MUTED}">${percent.format(share)}</text>`,
    );
  }
  for (const [index, figures] of airports.entries()) {
    const middle = box.y + (index + 0.5) * slot;
    const length = (figures.lateShare / top) * box.width;
    const hint = `${figures.city} (${figures.airport}): ${hintOf(figures)}`;
    parts.push(
      `<text x="${box.x - 10}" y="${at(middle + 4)}" text-anchor="end">${escape(figures.city)} <tspan font-weight="600">${escape(figures.airport)}</tspan></text>`,
      `<rect class="airport" data-airport="${escape(figures.airport)}" data-share="${figures.lateShare}" x="${box.x}" y="${at(middle - thickness / 2)}" width="${at(length)}" height="${at(thickness)}" rx="2" fill="${colour(figures.lateShare)}"><title>${escape(hint)}</title></rect>`,
      `<text x="${at(box.x + length + 7)}" y="${at(middle + 4)}" stroke="#ffffff" stroke-width="5" paint-order="stroke"><tspan font-weight="600">${percent.format(figures.lateShare)}</tspan> <tspan font-size="12" fill="${MUTED}">of ${count.format(figures.flights)}</tspan></text>`,
    );
  }
  parts.push(
    `<text x="${at(box.x + box.width / 2)}" y="${bottom + 42}" text-anchor="middle" fill="${MUTED}">flights that land late (% of the airport's)</text>`,
  );
  return group('airports', parts);
}

/**
 * The lines of an axis, in tenths of all flights, from 0 to the first at or above every share.
 * @param {Figures[]} figures
 */
function tenthsOf(figures) {
  const last = Math.ceil(Math.max(...figures.map((figure) => figure.lateShare)) * 10);
  return Array.from({ length: last + 1 }, (_, tenth) => tenth / 10);
}

/** @param {number} share */
function colour(share) {
  const place = Math.min(share * 2, 1) * (RAMP.length - 1);
  const from = channelsOf(RAMP[Math.floor(place)]);
  const to = channelsOf(RAMP[Math.ceil(place)]);
  return `rgb(${from.map((value, i) => Math.round(value + ((to[i] ?? value) - value) * (place % 1))).join(' ')})`;
}

/** Red, green and blue. @param {string | undefined} hex */
function channelsOf(hex = '#000000') {
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
}

/** @param {Figures} figures */
function hintOf(figures) {
  return (
    `${count.format(figures.late)} of ${count.format(figures.flights)} flights late (${percent.format(figures.lateShare)}); ` +
    `half land within ${figures.medianDelay} min of schedule, nine in ten within ${figures.p90Delay} min`
  );
}

/** @param {number} hour */
function clock(hour) {
  return `${hour % 24}:00`;
}

/** @param {number} x @param {number} y @param {string} text */
function heading(x, y, text) {
  return `<text x="${x}" y="${y}" font-size="17" font-weight="600">${escape(text)}</text>`;
}

/** @param {string} name @param {string[]} parts */
function group(name, parts) {
  return `  <g id="${name}">\n    ${parts.join('\n    ')}\n  </g>`;
}

/** A tenth of a pixel is enough. @param {number} value */
function at(value) {
  return Math.round(value * 10) / 10;
}

/** @param {string} text */
export function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
