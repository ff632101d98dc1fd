// Makes a PPM picture smaller, and grey where asked: `node scale.mjs FROM TO WIDTH LOOK`. Prints { width, height, bytes }.
import { readFileSync, writeFileSync } from 'node:fs';

const [from = '', to = '', wanted = '0', look = 'colour'] = process.argv.slice(2);
const picture = readFileSync(from);
const head = /^P6\n(\d+) (\d+)\n255\n/.exec(picture.subarray(0, 64).toString('latin1'));
if (head === null) throw new Error(`${from} is no PPM picture.`);
const [fullWidth, fullHeight] = [Number(head[1]), Number(head[2])];
const width = Number(wanted);
const height = Math.round((fullHeight * width) / fullWidth);
const pixels = Buffer.alloc(width * height * 3);
for (let y = 0; y < height; y++) {
  for (let x = 0; x < width; x++) {
    const at = Math.floor((y * fullHeight) / height) * fullWidth + Math.floor((x * fullWidth) / width);
    const colour = [...picture.subarray(head[0].length + at * 3, head[0].length + at * 3 + 3)];
    const grey = Math.round(colour.reduce((sum, part) => sum + part, 0) / 3);
    pixels.set(look === 'grey' ? [grey, grey, grey] : colour, (y * width + x) * 3);
  }
}
const small = Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
writeFileSync(to, small);
console.log(JSON.stringify({ width, height, bytes: small.length }));
