// Links that were handed out once open for ever, and links that nobody made do no harm.
//
// tests/links holds one link a file (the address's fragment, then on further lines the command lines that it
// must hold). `PODLAB_FREEZE=NAME node tests/web/links.test.mjs < scenario.json` adds one; none is ever changed.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { decode, encode, LINK_LIMIT } from '../../www/js/link.js';

const DIR = 'tests/links';

if (process.env.PODLAB_FREEZE) {
  const scenario = JSON.parse(readFileSync(0, 'utf8'));
  const lines = (scenario.log ?? []).flatMap((entry) => (entry.line ? [entry.line[1]] : entry.fault ? [`fault ${entry.fault}`] : []));
  writeFileSync(`${DIR}/${process.env.PODLAB_FREEZE}.txt`, `${await encode(scenario)}\n${lines.join('\n')}\n`, { flag: 'wx' });
  process.exit(0);
}

const { Podlab } = await import('./core.mjs');

test('every link of the corpus opens, holds its commands and runs', async () => {
  const names = readdirSync(DIR).filter((name) => name.endsWith('.txt'));
  assert.ok(names.length >= 8, `${names.length} links`);
  for (const name of names) {
    const [link, ...lines] = readFileSync(`${DIR}/${name}`, 'utf8').trimEnd().split('\n');
    assert.ok(link.length <= 2_000, `${name}: ${link.length} characters`);
    const scenario = await decode(link);
    const held = (scenario.log ?? []).flatMap((entry) => (entry.line ? [entry.line[1]] : entry.fault ? [`fault ${entry.fault}`] : []));
    assert.deepEqual(held, lines, name);
    const core = new Podlab(JSON.stringify(scenario));
    core.seek(scenario.position ?? 0);
    assert.equal(core.now(), scenario.position ?? 0, name);
    const again = core.scenario();
    assert.deepEqual(again.log, scenario.log, name);
    assert.deepEqual(await decode(await encode(again)), again, name);
    core.free();
  }
});

test('hostile fragments are refused with a reason', async () => {
  const bomb = new Blob([JSON.stringify({ podlab: 1, title: 'x'.repeat(5_000_000) })]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = Buffer.from(await new Response(bomb).arrayBuffer()).toString('base64url');
  await assert.rejects(decode(`#1.${bytes}`), /large/);
  await assert.rejects(decode(`#1.${'A'.repeat(LINK_LIMIT * 4 + 1)}`), /large/);
  await assert.rejects(decode('#2.AAAA'), /version/);
  for (const payload of ['', '!!!!', 'AAAA', '%00', '<script>', '=', 'a'.repeat(1_000)]) await assert.rejects(decode(`#1.${payload}`), undefined, payload);
  assert.equal(await decode('#main'), null);
  assert.equal(await decode(''), null);
});

test('hostile scenarios never trap the core', async () => {
  const hostile = [
    null, 1, 'x', [], {}, { podlab: 2 }, { podlab: 1, log: 5 }, { podlab: 1, position: -1 }, { podlab: 1, position: 1e300 },
    { podlab: 1, log: [{ at: 1, line: [0] }] }, { podlab: 1, log: [{ at: 1, nothing: 1 }] }, { podlab: 1, log: [{ at: 1, line: [-1, 'x'] }] },
    { podlab: 1, log: [{ at: 0, open: 4294967295 }, { at: 1, line: [4294967295, 'ls'] }], position: 1000 },
    { podlab: 1, cluster: { nodes: [] } }, { podlab: 1, cluster: { nodes: [{}] } }, { podlab: 1, cluster: { start: 'x' } },
    { podlab: 1, cluster: { nodes: [{ name: '\u202e', ip: '<b>', podCIDR: '/', cpu: '-1', memory: '1e99' }] }, position: 1e6 },
    { podlab: 1, cluster: { registry: { bytesPerSecond: 0 } }, log: [{ at: 0, open: 0 }, { at: 1, line: [0, 'kubectl run a --image=nginx'] }], position: 5e6 },
    { podlab: 1, files: { '../../../etc/passwd': 'x', '/': 'x', '': 'x', 'a/b/../../..': 'x' }, position: 1 },
    { podlab: 1, title: '\u0000\u001b[31m', __proto__: { polluted: true } },
  ];
  for (const scenario of hostile) {
    const text = JSON.stringify(scenario);
    try {
      const core = new Podlab(text);
      core.seek(scenario?.position ?? 0);
      core.free();
    } catch (error) {
      assert.ok(!(error instanceof WebAssembly.RuntimeError), `${text}: ${error}`);
      assert.ok(error.message.length > 3, text);
    }
  }
  const deep = `${'{"podlab":1,"cluster":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
  assert.throws(() => new Podlab(deep), (error) => !(error instanceof WebAssembly.RuntimeError));
  assert.throws(() => new Podlab('['.repeat(200_000)), (error) => !(error instanceof WebAssembly.RuntimeError));
  assert.equal({}.polluted, undefined);
});
