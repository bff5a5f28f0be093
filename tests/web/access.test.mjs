// Accessibility: axe-core in every theme, language and width, in every view; the keyboard alone.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ask, many, open, type, shows, row, until, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

async function prepare(page) {
  // axe is run through the debugging protocol: the page's own policy forbids foreign scripts.
  page.session = await page.context().newCDPSession(page);
  await page.session.send('Runtime.evaluate', { expression: `${AXE};undefined` });
}

async function audit(page, what) {
  const { result } = await page.session.send('Runtime.evaluate', { expression: 'axe.run(document, { resultTypes: ["violations"] }).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.target.join(" ") + ": " + n.failureSummary)])))', awaitPromise: true, returnByValue: true });
  assert.deepEqual(JSON.parse(result.value ?? '["axe did not run"]'), [], what);
}

const MANIFEST = `apiVersion: v1
kind: Pod
metadata: {name: failing, labels: {app: failing}}
spec:
  containers:
  - name: main
    image: busybox
    command: [sh, -c, "echo on; sleep 2; exit 1"]
    resources: {limits: {memory: 64Mi}}
    livenessProbe: {exec: {command: ["true"]}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: failing}
spec: {selector: {app: failing}, ports: [{port: 80}]}
`;

/** A cluster with something good, something bad and something under way. */
async function lively(page) {
  await ask(page, 'write', { path: 'failing.yaml', text: MANIFEST });
  await type(page, 'kubectl apply -f failing.yaml -f web.yaml');
  await shows(page, 'pod/web created');
  await ask(page, 'play', { on: false });
  await ask(page, 'forward', { micros: 30e6 });
  await until(async () => (await page.evaluate(() => window.podlab.core.frame.now)) >= 30e6, () => 'time does not pass');
  await page.locator('.cm-content').waitFor({ state: 'attached' });
}

const VIEWS = ['pods', 'map', 'lanes', 'nodes', 'services', 'scheduler', 'compare', 'objects', 'events'];
const TABS = ['describe', 'why', 'lanes', 'logs', 'yaml', 'changes', 'flow', 'scheduling', 'processes', 'files'];
const press = (page, selector) => page.evaluate((query) => document.querySelector(query).click(), selector);

/** Runs that were varied, with what came of them. */
async function auditCompared(page, narrow) {
  if (narrow) await press(page, '.pane-tabs [data-pane=views]');
  await press(page, '[data-tab=compare]');
  await page.locator('.vary input').nth(0).fill('web.yaml:spec.containers[0].image');
  await page.locator('.vary input').nth(1).fill('nginx:1.14.2, nginx:none');
  await press(page, '.vary [type=submit]');
  await page.locator('.outcomes tbody tr').nth(1).waitFor();
  await audit(page, 'compared runs');
}

/** The catalogue, a lesson, the projector, the receipt, the debrief, and the workshop for lessons. */
async function auditLessons(page) {
  await page.keyboard.press('Alt+KeyL');
  await page.locator('.lesson-list li').first().waitFor();
  await audit(page, 'list of lessons');
  await press(page, '.lesson-list [data-lesson=explain]');
  await page.locator('.lesson-steps').waitFor();
  await audit(page, 'lesson');
  await page.keyboard.press('Alt+KeyP');
  await page.waitForFunction(() => document.documentElement.hasAttribute('data-present'));
  await audit(page, 'projector');
  await page.keyboard.press('Alt+KeyP');
  await press(page, '.lesson-steps button:last-child');
  await page.locator('.lesson-score').waitFor();
  await audit(page, 'debrief');
  await page.evaluate(() => [...document.querySelectorAll('.lesson button')].find((one) => /Receipt|成绩凭据/.test(one.textContent)).click());
  await page.locator('dialog[open]').waitFor();
  await audit(page, 'receipt');
  await page.keyboard.press('Escape');
  await page.evaluate(() => window.podlab.app.side('author'));
  await page.locator('.author').waitFor();
  await audit(page, 'writing a lesson');
}

/** On a telephone: a pod that fits nowhere is told so in words that need no scrolling, and all tabs can be reached. */
async function legible(page) {
  await ask(page, 'write', { path: 'big.yaml', text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec: {containers: [{name: a, image: nginx, resources: {requests: {cpu: 40}}}]}\n' });
  await press(page, '.pane-tabs [data-pane=terminal]');
  await type(page, 'kubectl apply -f big.yaml');
  await shows(page, 'pod/big created');
  await press(page, '.pane-tabs [data-pane=views]');
  await press(page, '[data-tab=scheduler]');
  const message = page.locator('.decisions .message', { hasText: 'Insufficient cpu' });
  await message.waitFor();
  const box = await message.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.height < 200, JSON.stringify(box));
  await press(page, '[data-tab=objects]');
  const tabs = await page.locator('.pane[data-pane=views] .tabs').boundingBox();
  assert.ok(tabs.width > 280, JSON.stringify(tabs));
}

for (const language of ['en-GB', 'zh-CN']) {
  for (const theme of ['light', 'dark', 'contrast']) {
    for (const width of [1440, 360]) {
      test(`axe finds nothing: ${language}, ${theme}, ${width} px`, async () => {
        const page = await open({ language, width, height: width < 900 ? 740 : 900 });
        await page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
        await prepare(page);
        await audit(page, 'first visit');
        await lively(page);
        const narrow = width < 900;
        for (const id of VIEWS) {
          if (narrow) await press(page, '.pane-tabs [data-pane=views]');
          await press(page, `[data-tab=${id}]`);
          await audit(page, id);
        }
        if (narrow) await legible(page);
        await press(page, '[data-tab=pods]');
        await row(page, 'failing').waitFor({ state: 'attached' });
        await row(page, 'failing').locator('th button').evaluate((button) => button.click());
        for (const tab of TABS) {
          await press(page, `.inspector [data-tab=${tab}]`);
          await page.waitForFunction((id) => document.querySelector(`.inspector [data-tab=${id}]`)?.getAttribute('aria-selected') === 'true' && document.querySelector('.inspector-body').childElementCount, tab);
          await audit(page, `inspector: ${tab}`);
        }
        await auditCompared(page, narrow);
        await auditLessons(page);
        if (narrow) {
          for (const name of ['terminal', 'files']) {
            await press(page, `.pane-tabs [data-pane=${name}]`);
            await audit(page, name);
          }
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${overflow} px too wide`);
        }
        assert.deepEqual(page.complaints, []);
      });
    }
  }
}

test('axe finds nothing in the dialogs and menus', async () => {
  const page = await open();
  await prepare(page);
  await lively(page);
  for (const name of ['Examples', 'Commands', 'Share', 'Break']) {
    await page.locator('header').getByRole('button', { name }).first().click();
    await page.locator('dialog[open]').waitFor();
    await audit(page, name);
    await page.keyboard.press('Escape');
  }
  await page.keyboard.press('F1');
  await page.locator('dialog[open]').waitFor();
  await audit(page, 'keys');
  await page.keyboard.press('Escape');
  await row(page, 'web').click({ button: 'right' });
  await page.getByRole('menu').waitFor();
  await audit(page, 'menu');
});

test('axe finds nothing in the question about the past, in "run until" and on a map of many nodes', async () => {
  const page = await open();
  await prepare(page);
  await lively(page);
  await page.getByLabel('Run until…').selectOption('other');
  await page.getByRole('heading', { name: 'Run until a condition holds…' }).waitFor();
  await audit(page, 'until');
  await page.keyboard.press('Escape');
  await ask(page, 'seek', { at: 0 });
  await type(page, 'kubectl get pods');
  await page.getByRole('heading', { name: 'You are in the past' }).waitFor();
  await audit(page, 'past');
  await page.keyboard.press('Escape');
  await many(page, 60);
  await press(page, '[data-tab=map]');
  await page.locator('.cells svg').waitFor();
  await audit(page, 'many nodes');
});

/** What a screen reader is given: [role, name] of everything that is not left out. */
async function tree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  return nodes.filter((node) => !node.ignored).map((node) => [node.role?.value, node.name?.value ?? '', node.properties?.some(({ name, value }) => name === 'focusable' && value.value)]);
}

test('a screen reader is told what everything is, in a lesson from its beginning to its end', async () => {
  const page = await open({ hash: '#lesson=explain' });
  await page.getByRole('heading', { name: 'The built-in manual' }).waitFor();
  const complete = async (what, wanted) => {
    let lacks = [];
    await until(async () => {
      const all = await tree(page);
      const nameless = all.filter(([role, name, focusable]) => focusable && !name && !['RootWebArea', 'generic', 'code'].includes(role));
      const absent = wanted.filter(([role, name]) => !all.some(([has, said]) => has === role && (name instanceof RegExp ? name.test(said) : said === name)));
      lacks = [nameless, absent.map(String)];
      return !nameless.length && !absent.length;
    }, () => `${what}: without a name, not there: ${JSON.stringify(lacks)}`);
  };
  const first = [['banner', /^/], ['main', /^/], ['heading', 'Podlab'], ['heading', 'The built-in manual'], ['log', 'Terminal output'], ['textbox', 'Command line'], ['tablist', 'Terminals'], ['region', 'Guide'], ['region', 'Goals'], ['slider', /./], ['button', 'Pause']];
  await complete('the first step', first);
  const keys = async (...list) => { for (const key of list) await page.keyboard.press(key); };
  await keys('Alt+1', 'Alt+i', 'Enter');
  await shows(page, /KIND: +Pod/);
  await keys('Alt+n');
  await keys('Alt+i', 'Enter');
  await row(page, 'pod1').waitFor();
  await complete('the second step', [['table', /./], ['rowheader', 'pod1'], ['columnheader', 'STATUS']]);
  await until(async () => (await tree(page)).some(([role, name]) => /status|StaticText/.test(role) && /pod1/.test(name)), () => 'nothing is said of the pod');
  await keys('Alt+n', 'Alt+n', 'Alt+n');
  await page.locator('.lesson-score').waitFor();
  await complete('the end', [['button', /Receipt/]]);
});

test('everything works by keyboard alone', async () => {
  const page = await open();
  await page.waitForFunction(() => document.querySelector('.editor-host')?.shadowRoot?.querySelector('.cm-content'));
  await page.keyboard.press('Alt+Digit2');
  await page.waitForFunction(() => document.querySelector('.editor-host').shadowRoot.activeElement);
  await page.keyboard.press('Control+Enter');
  await shows(page, 'pod/web created');
  await page.keyboard.press('Alt+Digit1');
  await page.keyboard.type('kubectl get pods');
  await page.keyboard.press('Enter');
  await shows(page, /NAME +READY/);
  await page.keyboard.press('Alt+Space');
  await page.locator('.play[data-on=false]').waitFor();
  await page.keyboard.press('Alt+Digit3');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('m');
  await page.getByRole('menuitem', { name: 'Why?' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.inspector [data-tab=why][aria-selected=true]').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('inspect default/web');
  await page.keyboard.press('Enter');
  await page.locator('.inspector').waitFor();
  await page.keyboard.press('F1');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  const divider = page.locator('.divider:visible').first();
  await divider.focus();
  const before = await divider.getAttribute('aria-valuenow');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await divider.getAttribute('aria-valuenow'), before);
  assert.deepEqual(page.complaints, []);
});

test('no reduced-motion visitor sees anything move', async () => {
  const page = await open();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await type(page, 'kubectl apply -f web.yaml');
  await shows(page, 'created');
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

test('what is printed is dark on light in every theme, names its panes and leaves buttons out', async () => {
  const page = await open({ dark: true });
  await type(page, 'kubectl apply -f web.yaml');
  await shows(page, 'created');
  await page.emulateMedia({ media: 'print' });
  const colours = await page.evaluate(() => [document.body, document.querySelector('.pane[data-pane=terminal]')].map((one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]));
  assert.deepEqual(colours, [['rgb(0, 0, 0)', 'rgb(255, 255, 255)'], ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']]);
  assert.deepEqual(await page.locator('.pane-head [role=tab]:visible').allInnerTexts(), ['web.yaml', 'Terminal', 'Pods', 'Events']);
  assert.equal(await page.locator('button:not([role=tab], .link):visible, input:visible, select:visible, .pane.side:visible').filter({ hasNot: page.locator('.objects *') }).locator('visible=true').evaluateAll((list) => list.filter((one) => !one.closest('table, .editor-host')).length), 0);
});
