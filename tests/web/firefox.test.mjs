// The core and the start-up in Firefox, driven by its own Marionette protocol: lengths and JSON on a socket.
// Skipped, with a plain line, where there is no Firefox.

import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { execSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf } from './core.mjs';

const PATIENCE = 90_000;

function firefox() {
  try {
    return execSync('command -v firefox || command -v firefox-esr', { encoding: 'utf8', shell: '/bin/bash' }).trim();
  } catch {
    return null;
  }
}

const path = firefox();
const ends = [];
after(() => { for (const end of ends) end(); });

const freePort = () => new Promise((resolve) => { const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); }); });

async function connect(port) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await new Promise((resolve, reject) => { const socket = createConnection(port, '127.0.0.1', () => resolve(socket)); socket.on('error', reject); });
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

/** Starts Firefox; resolves to a function that sends a command and resolves to its answer. */
async function start() {
  const profile = mkdtempSync(join(tmpdir(), 'podlab-firefox-'));
  const port = await freePort();
  writeFileSync(join(profile, 'user.js'), `user_pref("marionette.port", ${port});\nuser_pref("browser.shell.checkDefaultBrowser", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n`);
  const child = spawn(path, ['--headless', '--marionette', '--no-remote', '--profile', profile], { stdio: 'ignore', env: { ...process.env, HOME: profile } });
  ends.push(() => { child.kill('SIGKILL'); rmSync(profile, { recursive: true, force: true, maxRetries: 5 }); });
  const socket = await connect(port);
  let buffer = Buffer.alloc(0);
  const waiting = new Map();
  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      const colon = buffer.indexOf(58);
      const length = Number(buffer.subarray(0, Math.max(0, colon)));
      if (colon < 0 || buffer.length < colon + 1 + length) return;
      const message = JSON.parse(buffer.subarray(colon + 1, colon + 1 + length));
      buffer = buffer.subarray(colon + 1 + length);
      if (Array.isArray(message)) waiting.get(message[1])?.(message);
    }
  });
  let id = 0;
  return (name, parameters) => new Promise((resolve, reject) => {
    const number = ++id;
    waiting.set(number, ([, , error, value]) => (error ? reject(new Error(`${error.error}: ${error.message}`)) : resolve(value?.value ?? value)));
    const text = JSON.stringify([0, number, name, parameters ?? {}]);
    socket.write(`${Buffer.byteLength(text)}:${text}`);
  });
}

test('the page starts from a file in Firefox, and the core comes to the same hash as in node', { skip: path ? false : 'there is no Firefox on this machine', timeout: 4 * PATIENCE }, async () => {
  const send = await start();
  await send('WebDriver:NewSession', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  await send('WebDriver:SetTimeouts', { script: PATIENCE, pageLoad: PATIENCE });
  await send('WebDriver:Navigate', { url: pathToFileURL('dist/podlab.html').href });
  const run = (script) => send('WebDriver:ExecuteAsyncScript', { script: `const done = arguments[arguments.length - 1]; (async () => { ${script} })().then(done, (error) => done('failed: ' + error));`, args: [] });
  const shown = await run(`
    const wait = async (holds) => { while (!holds()) await new Promise((next) => setTimeout(next, 100)); };
    await wait(() => document.querySelector('.term-prompt')?.textContent.includes('#'));
    const input = document.querySelector('.term-input');
    input.value = 'kubectl apply -f web.yaml';
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    await wait(() => document.querySelector('.term').textContent.includes('pod/web created'));
    await wait(() => [...document.querySelectorAll('table.objects tbody tr')].some((row) => /web.*Running/.test(row.textContent)));
    return document.querySelector('.term').textContent;
  `);
  assert.match(shown, /pod\/web created/);
  const scenario = { podlab: 1, log: [{ at: 0, open: 0 }, { at: 1_000_000, line: [0, 'kubectl run a --image=nginx:1.14.2'] }], position: 60_000_000 };
  const hash = await run(`const { core } = window.podlab; await core.ask('play', { on: false }); await core.open(${JSON.stringify(scenario)}); await core.ask('seek', { at: ${scenario.position} }); return core.ask('hash');`);
  assert.equal(hash, hashOf(scenario));
});
