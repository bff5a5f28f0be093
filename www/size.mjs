// Prints what the file weighs beside its target, and fails where it has grown above the limit.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

// The target is what UX asks for; the limit is what keeps the file from growing until it is met.
const TARGET = { html: 900 * 1024, gzip: 500 * 1024 };
const LIMIT = { html: 2_680 * 1024, gzip: 2_000 * 1024 };

const file = readFileSync('dist/podlab.html');
const sizes = { html: file.length, gzip: gzipSync(file, { level: 9 }).length, brotli: brotliCompressSync(file).length };
for (const [name, size] of Object.entries(sizes)) {
  const target = TARGET[name];
  console.log(`${name.padEnd(7)} ${(size / 1024).toFixed(0).padStart(5)} KB${target ? ` (target ${target / 1024}, limit ${LIMIT[name] / 1024})` : ''}`);
}
for (const [, id, data] of file.toString().matchAll(/id="pack-(\w+)">([^<]*)</g)) {
  console.log(`  ${id.padEnd(7)} ${(data.length / 1024).toFixed(0).padStart(5)} KB packed`);
}
const over = Object.entries(LIMIT).filter(([name, limit]) => sizes[name] > limit);
if (over.length) {
  console.error(`over the limit: ${over.map(([name]) => name).join(', ')}`);
  process.exit(1);
}
