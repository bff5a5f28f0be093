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

/** A page with the terminal ready. `page.complaints` collects errors and violations of the policy. */
export async function open({ url = FILE, width = 1440, height = 900, dark = false, language = 'en-GB', hash = '', ready = true } = {}) {
  const context = await (await browser()).newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale: language, acceptDownloads: true });
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.complaints.push(message.text()); });
  await page.goto(url + hash);
  if (ready) await page.locator('.term-prompt').filter({ hasText: '#' }).first().waitFor({ timeout: 30_000 });
  return page;
}

/** Types a command and waits until the prompt is back. */
export async function type(page, line) {
  const input = page.locator('.term-input');
  await input.fill(line);
  await input.press('Enter');
}

/** The text of the terminal. */
export const screen = (page) => page.locator('.term').innerText();

/** Waits until the terminal shows a text (or matches a pattern). */
export async function shows(page, wanted) {
  const pattern = typeof wanted === 'string' ? [wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), ''] : [wanted.source, wanted.flags];
  try {
    await page.waitForFunction(([source, flags]) => new RegExp(source, flags).test(document.querySelector('.term').innerText.replaceAll('\u200b', '').trimEnd() + ' '), pattern, { timeout: 20_000, polling: 100 });
  } catch (error) {
    throw new Error(`the terminal does not show ${wanted}:\n${await screen(page)}`, { cause: error });
  }
}
