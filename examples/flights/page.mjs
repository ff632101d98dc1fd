/**
 * Makes the page around the chart: the picture, and below it the figures as a table.
 */
import { escape } from './chart.mjs';

const percent = new Intl.NumberFormat('en-US', { style: 'percent', minimumFractionDigits: 1 });
const count = new Intl.NumberFormat('en-US');
const minutes = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/**
 * @param {string} title
 * @param {import('./chart.mjs').Report} report
 * @param {string} chart An SVG document.
 * @returns {string} A whole HTML document.
 */
export function drawPage(title, report, chart) {
  const rows = report.airports.map(
    (figures) => `        <tr>
          <th scope="row">${escape(figures.city)} <small>${escape(figures.airport)}</small></th>
          <td>${count.format(figures.flights)}</td>
          <td>${percent.format(figures.lateShare)}</td>
          <td>${minutes.format(figures.meanDelay)}</td>
          <td>${count.format(figures.medianDelay)}</td>
          <td>${count.format(figures.p90Delay)}</td>
        </tr>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title)}</title>
    <style>
      body { margin: 0; background: #eef1f4; color: #1f2933; font: 15px/1.5 system-ui, sans-serif; }
      main { max-width: 1240px; margin: 32px auto; padding: 0 16px; }
      figure, section { margin: 0 0 24px; background: #fff; border-radius: 8px; box-shadow: 0 1px 4px rgb(0 0 0 / 12%); overflow-x: auto; }
      figure svg { display: block; width: 100%; height: auto; min-width: 900px; }
      section { padding: 24px 40px; }
      h2 { margin: 0 0 12px; font-size: 17px; }
      table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { padding: 6px 12px; border-bottom: 1px solid #e4e7eb; text-align: right; }
      th:first-child { padding-left: 0; text-align: left; font-weight: 500; }
      thead th { color: #667380; font-weight: 500; vertical-align: bottom; }
      small { color: #667380; }
    </style>
  </head>
  <body>
    <main>
      <figure>
${chart}
      </figure>
      <section>
      <h2>${escape(title)}</h2>
      <table>
        <thead>
          <tr><th scope="col">Airport</th><th scope="col">Flights</th><th scope="col">Late</th><th scope="col">Mean delay (min)</th><th scope="col">Median (min)</th><th scope="col">9 in 10 at most (min)</th></tr>
        </thead>
        <tbody>
${rows.join('\n')}
        </tbody>
      </table>
      </section>
    </main>
  </body>
</html>
`;
}
