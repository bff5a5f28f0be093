// Prints what the file weighs and fails above the budget.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const BUDGET = { html: 900 * 1024, gzip: 500 * 1024 };

const file = readFileSync('dist/podlab.html');
const sizes = { html: file.length, gzip: gzipSync(file, { level: 9 }).length, brotli: brotliCompressSync(file).length };
for (const [name, size] of Object.entries(sizes)) {
  const budget = BUDGET[name];
  console.log(`${name.padEnd(7)} ${(size / 1024).toFixed(0).padStart(5)} KB${budget ? ` of ${budget / 1024} KB` : ''}`);
}
for (const [, id, data] of file.toString().matchAll(/id="pack-(\w+)">([^<]*)</g)) {
  console.log(`  ${id.padEnd(7)} ${(data.length / 1024).toFixed(0).padStart(5)} KB packed`);
}
const over = Object.entries(BUDGET).filter(([name, limit]) => sizes[name] > limit);
if (over.length) {
  console.error(`over the budget: ${over.map(([name]) => name).join(', ')}`);
  process.exit(1);
}
