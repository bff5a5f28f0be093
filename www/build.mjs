// Packs the page into one HTML file: dist/podlab.html.
//
// Scripts and the wasm are stored as base64(gzip) in data blocks; a small inline script unpacks them.
// Every script text that may run is named by its hash in the Content-Security-Policy.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const glue = 'target/page/podlab.js';
const common = { bundle: true, write: false, minify: true, format: 'iife', target: 'es2022', legalComments: 'none',
  loader: { '.yaml': 'text' }, logLevel: 'warning' };

async function bundle(entry, options = {}) {
  const result = await build({ ...common, entryPoints: [entry], ...options });
  return result.outputFiles[0].text.trim();
}

const pack = (data) => gzipSync(data, { level: 9 }).toString('base64');
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const [boot, page, editor, worker, style] = await Promise.all([
  bundle('www/js/boot.js'),
  bundle('www/js/main.js'),
  bundle('www/js/editor/bundle.js'),
  bundle('www/js/worker.js', { alias: { 'podlab-wasm': `./${glue}` } }),
  bundle('www/style/main.css', { format: undefined }),
]);

/** The lessons in teaching order, as one block: their texts, and what the catalogue shows of each. */
function lessons() {
  const order = readFileSync('www/lessons/order.txt', 'utf8').split(/\s+/).filter(Boolean);
  const texts = order.map((id) => readFileSync(`www/lessons/${id}.yaml`, 'utf8'));
  const field = (text, name) => text.match(new RegExp(`^${name}: *"?([^"\n]*)"?$`, 'm'))?.[1];
  const both = (text, name) => JSON.parse(text.match(new RegExp(`^${name}: \\{en: (".*"), zh: (".*")\\}$`, 'm')).slice(1).reduce((a, b) => `{"en":${a},"zh":${b}}`));
  return JSON.stringify({ lessons: texts.map((text, i) => ({ id: order[i], kind: field(text, 'kind') ?? 'lesson', section: field(text, 'section'), minutes: Number(field(text, 'minutes') ?? 10), title: both(text, 'title'), about: both(text, 'about'), text })) });
}

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

const block = (id, data) => `<script type="text/plain" id="pack-${id}">${pack(data)}</script>`;
const version = JSON.parse(JSON.stringify(readFileSync('Cargo.toml', 'utf8').match(/^version = "(.*)"/m)[1]));
const html = readFileSync('www/index.html', 'utf8')
  .replace(/<!--(?!\[)[\s\S]*?-->\n?/g, '')
  .replace('{{policy}}', () => policy)
  .replace('{{style}}', () => `<style>${style}</style>`)
  .replace('{{packs}}', () => [
    block('worker', worker),
    block('wasm', readFileSync('target/page/podlab_bg.wasm')),
    block('page', page),
    block('editor', editor),
    block('lessons', lessons()),
  ].join('\n'))
  .replace('{{boot}}', () => `<script>${boot}</script>`);

mkdirSync('dist', { recursive: true });
writeFileSync('dist/podlab.html', html);
writeFileSync('dist/index.html', html);
writeFileSync('dist/manifest.webmanifest', readFileSync('www/manifest.webmanifest'));
const revision = createHash('sha256').update(html).digest('hex').slice(0, 16);
writeFileSync('dist/sw.js', readFileSync('www/sw.js', 'utf8').replace('{{revision}}', `${version}-${revision}`));
