// Reads a CSV of orders and writes them as JSON, one a line: `node convert.mjs FROM TO`. Prints { file, rows, cents }.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const [from = '', to = ''] = process.argv.slice(2);
const [, ...lines] = readFileSync(from, 'utf8').trim().split('\n');
const orders = lines.map((line, index) => {
  const [order, product, quantity, cents] = line.split(',');
  const row = { order: Number(order), product, quantity: Number(quantity), cents: Number(cents) };
  if (![row.order, row.quantity, row.cents].every(Number.isSafeInteger)) {
    console.error(`${basename(from)}:${index + 2}: not an order: ${line}`);
    process.exit(65); // "The input was wrong": the dag does not try this again.
  }
  return row;
});
writeFileSync(to, orders.map((order) => `${JSON.stringify(order)}\n`).join(''));
const cents = orders.reduce((sum, { quantity, cents: each }) => sum + quantity * each, 0);
console.log(JSON.stringify({ file: basename(from), rows: orders.length, cents }));
