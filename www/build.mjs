// Packs the page into one HTML file: dist/podlab.html.
//
// Scripts and the wasm are stored as base64(gzip) in data blocks; a small inline script unpacks them.
// Every script text that may run is named by its hash in the Content-Security-Policy.

import zopfli from '@gfx/zopfli';
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { lessons } from './lessons/pack.mjs';

const glue = 'target/page/podlab.js';
const common = { bundle: true, write: false, minify: true, format: 'iife', target: 'es2022', legalComments: 'none',
  loader: { '.yaml': 'text' }, logLevel: 'warning' };

async function bundle(entry, options = {}) {
  const result = await build({ ...common, entryPoints: [entry], ...options });
  return result.outputFiles[0].text.trim();
}

// Zopfli's gzip is a twentieth smaller and takes half a minute; while working on the page the plain one does.
const quick = process.env.PODLAB_PROFILE === 'page';
const gzip = async (data) => quick ? gzipSync(data, { level: 9 }) : Buffer.from(await zopfli.gzipAsync(Buffer.from(data), { numiterations: 5 }));
const pack = async (data) => (await gzip(data)).toString('base64');
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const [boot, page, editor, worker, style] = await Promise.all([
  bundle('www/js/boot.js'),
  bundle('www/js/main.js'),
  bundle('www/js/editor/bundle.js'),
  bundle('www/js/worker.js', { alias: { 'podlab-wasm': `./${glue}` } }),
  bundle('www/style/main.css', { format: undefined }),
]);

const policy = [
  "default-src 'none'",
  `script-src ${[boot, page, editor].map(hash).join(' ')} 'wasm-unsafe-eval'`,
  `style-src ${hash(style)}`,
  "worker-src blob: 'self'",
  "img-src data: blob:",
  "manifest-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types podlab',
].join('; ');

const block = async (id, data) => `<script type="text/plain" id="pack-${id}">${await pack(data)}</script>`;
const blocks = await Promise.all([
  block('worker', worker),
  block('wasm', readFileSync('target/page/podlab_bg.wasm')),
  block('page', page),
  block('editor', editor),
  block('lessons', lessons()),
]);
const version = JSON.parse(JSON.stringify(readFileSync('Cargo.toml', 'utf8').match(/^version = "(.*)"/m)[1]));
const html = readFileSync('www/index.html', 'utf8')
  .replace(/<!--(?!\[)[\s\S]*?-->\n?/g, '')
  .replace('{{policy}}', () => policy)
  .replace('{{style}}', () => `<style>${style}</style>`)
  .replace('{{packs}}', () => blocks.join('\n'))
  .replace('{{boot}}', () => `<script>${boot}</script>`);

mkdirSync('dist', { recursive: true });
writeFileSync('dist/podlab.html', html);
writeFileSync('dist/index.html', html);
writeFileSync('dist/manifest.webmanifest', readFileSync('www/manifest.webmanifest'));
const revision = createHash('sha256').update(html).digest('hex').slice(0, 16);
writeFileSync('dist/sw.js', readFileSync('www/sw.js', 'utf8').replace('{{revision}}', `${version}-${revision}`));
