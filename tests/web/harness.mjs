// Opens the built page in Debian's chromium, from file:// and from a local host, and collects whatever the
// browser complains of.

import { chromium } from 'playwright-core';
import { execSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { serve } from '../../www/serve.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const executablePath = process.env.CHROMIUM ?? execSync('command -v chromium || command -v chromium-browser || command -v google-chrome', { encoding: 'utf8', shell: '/bin/bash' }).trim();

let shared;
/** The browser, one for each test file. */
export const browser = () => (shared ??= chromium.launch({ executablePath, args: FLAGS, headless: true }));

/** Ends the browser and the server. */
export async function end() {
  if (shared) await (await shared).close();
  if (host) (await host).close();
}

export const FILE = pathToFileURL('dist/podlab.html').href;

let host;
/** The address of the local host. */
export async function hosted() {
  host ??= serve(0);
  return `http://localhost:${(await host).address().port}/`;
}

/** How long anything may take: generous, because the machine may be loaded; nothing waits without a reason. */
export const PATIENCE = 60_000;

const opened = [];

/** Closes the pages of a test. */
export async function tidy() {
  for (const context of opened.splice(0)) await context.close();
}

/** A page with the terminal ready. `page.complaints` collects errors and violations of the policy. */
export async function open({ url = FILE, width = 1440, height = 900, dark = false, language = 'en-GB', hash = '', ready = true } = {}) {
  const context = await (await browser()).newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale: language, acceptDownloads: true });
  opened.push(context);
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.complaints.push(message.text()); });
  await page.goto(url + hash);
  if (ready) await page.locator('.term-prompt').filter({ hasText: '#' }).first().waitFor();
  return page;
}

/** Types a command. */
export async function type(page, line) {
  const input = page.locator('.term-input');
  await input.fill(line);
  await input.press('Enter');
}

/** Asks the core directly. */
export const ask = (page, op, args) => page.evaluate(([name, values]) => window.podlab.core.ask(name, values), [op, args]);

/** Opens a cluster of so many workers, `n0000` and on. */
export function many(page, workers) {
  const names = ['master01', ...Array.from({ length: workers }, (_, i) => `n${String(i).padStart(4, '0')}`)];
  const nodes = names.map((name, i) => ({ name, ip: `10.${Math.floor(i / 62_500)}.${Math.floor(i / 250) % 250}.${i % 250 + 1}`, podCIDR: `10.${100 + Math.floor(i / 250)}.${i % 250}.0/24`, controlPlane: i === 0 }));
  return page.evaluate(async (list) => {
    await window.podlab.core.open({ podlab: 1, cluster: { nodes: list } });
    await window.podlab.core.ask('terminal');
  }, nodes);
}

/** The row of a table whose name is this. */
export const row = (page, name) => page.locator('table.objects tbody tr', { has: page.locator('th', { hasText: new RegExp(`^${name}$`) }) }).first();

/** Opens the dialog for sharing and gives its link, which is made a moment after. */
export async function shareLink(page) {
  await page.getByRole('button', { name: 'Share' }).click();
  const field = page.getByLabel('Link', { exact: true });
  await page.waitForFunction((input) => input.value.includes('#'), await field.elementHandle());
  return field.inputValue();
}

/** The text of the terminal. */
export const screen = (page) => page.locator('.term').innerText();

/** Waits until the terminal shows a text (or matches a pattern). */
export async function shows(page, wanted) {
  const pattern = typeof wanted === 'string' ? new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : wanted;
  await until(async () => pattern.test(`${(await screen(page)).replaceAll('\u200b', '').trimEnd()} `), async () => `the terminal does not show ${wanted}:\n${(await screen(page)).slice(-3_000)}`);
}

/** Waits until a condition holds; `otherwise` says what is wrong if it never does. */
export async function until(holds, otherwise) {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(await otherwise());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
