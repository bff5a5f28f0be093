// The same scenario gives the same event-log hash natively, in node and in Chromium, under many seeds
// (PODLAB_SEEDS, 200 where nobody says).

import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hashOf } from './core.mjs';
import { open, end } from './harness.mjs';

after(end);

const SEEDS = Number(process.env.PODLAB_SEEDS ?? 200);
const FILE = 'tests/web/same.scenario.json';
const scenario = JSON.parse(readFileSync(FILE, 'utf8'));
const seeded = (seed) => ({ ...scenario, cluster: { ...scenario.cluster, seed } });

const native = () => {
  const text = execFileSync('cargo', ['run', '--quiet', '--', 'hash', FILE, String(SEEDS)], { encoding: 'utf8' });
  return text.trim().split('\n').map((line) => line.split(' ')[1]);
};

test('native, node and Chromium agree under every seed', async () => {
  const wanted = native();
  assert.equal(wanted.length, SEEDS);
  assert.ok(new Set(wanted).size > SEEDS * 0.9, 'seeds make a difference');
  for (let seed = 1; seed <= SEEDS; seed++) assert.equal(hashOf(seeded(seed)), wanted[seed - 1], `node, seed ${seed}`);
  const page = await open();
  const seen = await page.evaluate(async ([base, seeds]) => {
    const worker = await window.podlab.startWorker();
    let next = 0;
    const waiting = new Map();
    worker.onmessage = ({ data }) => { waiting.get(data.id)?.(data); };
    const ask = (op, args) => new Promise((resolve, reject) => {
      const id = ++next;
      waiting.set(id, (data) => { waiting.delete(id); if (data.error) reject(new Error(data.error)); else resolve(data.value); });
      worker.postMessage({ id, op, args });
    });
    const hashes = [];
    for (let seed = 1; seed <= seeds; seed++) {
      await ask('open', { scenario: { ...base, cluster: { ...base.cluster, seed } } });
      await ask('seek', { at: base.position });
      hashes.push(await ask('hash'));
    }
    worker.terminate();
    return hashes;
  }, [scenario, SEEDS]);
  assert.deepEqual(seen, wanted);
});
