// Paints the Mandelbrot set as a PPM picture: `node paint.mjs WIDTH HEIGHT FILE`. This is the expensive part.
import { writeFileSync } from 'node:fs';

const [width = 0, height = 0] = process.argv.slice(2, 4).map(Number);
const DEPTH = 300;
const pixels = Buffer.alloc(width * height * 3);
for (let y = 0; y < height; y++) {
  for (let x = 0; x < width; x++) {
    const [re, im] = [(x / width) * 3 - 2.1, ((y / height) * 2 - 1) * 1.2];
    let [a, b, steps] = [0, 0, 0];
    while (a * a + b * b <= 4 && steps < DEPTH) {
      [a, b] = [a * a - b * b + re, 2 * a * b + im];
      steps++;
    }
    const glow = steps === DEPTH ? 0 : Math.sqrt(steps / DEPTH);
    pixels.set([255 * glow, 180 * glow * glow, 90 + 165 * (1 - glow)].map(Math.round), (y * width + x) * 3);
  }
}
writeFileSync(process.argv[4] ?? '', Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]));
