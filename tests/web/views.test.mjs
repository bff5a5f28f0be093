// Every view and what one can do in it, in a real browser on the built file.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ask, many, open, type, shows, row, screen, hosted, until, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const SHOP = `apiVersion: v1
kind: Pod
metadata: {name: cart, labels: {app: shop}}
spec:
  containers:
  - name: main
    image: nginx:1.14.2
    resources: {limits: {memory: 64Mi}}
    readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}
  - name: loud
    image: busybox
    command: [sh, -c, "echo hello; sleep 4; exit 3"]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
`;

/** A page on which the shop has run for half a minute and the clock stands. */
async function shop(options) {
  const page = await open(options);
  await ask(page, 'write', { path: 'shop.yaml', text: SHOP });
  await type(page, 'kubectl apply -f shop.yaml');
  await shows(page, 'service/shop created');
  await ask(page, 'play', { on: false });
  await run(page, 30);
  return page;
}

async function run(page, seconds) {
  const goal = await page.evaluate(() => window.podlab.core.frame.now) + seconds * 1e6;
  await ask(page, 'forward', { micros: seconds * 1e6 });
  await until(async () => (await page.evaluate(() => window.podlab.core.frame.now)) >= goal - 1, () => 'time does not pass');
}

const tab = (page, id) => page.locator(`.pane[data-pane=views] [data-tab=${id}]`).click();
const inspect = async (page, name, id) => {
  await tab(page, 'pods');
  await row(page, name).locator('th button').click();
  await page.locator(`.inspector [data-tab=${id}]`).click();
};
const fine = (page) => assert.deepEqual(page.complaints, []);

test('the map, the services, the scheduler and the timeline show the cluster', async () => {
  const page = await shop();
  await tab(page, 'map');
  await page.locator('.node-card', { hasText: 'worker01' }).waitFor();
  assert.equal(await page.locator('.node-card').count(), 4);
  assert.equal(await page.locator('.tile', { hasText: 'cart' }).locator('.box').count(), 2);
  await tab(page, 'services');
  await page.locator('.service-card', { hasText: 'shop' }).locator('svg .seg-ready').first().waitFor();
  assert.match(await page.locator('.service-card', { hasText: 'shop' }).innerText(), /app=shop · pods that match: 1/);
  await tab(page, 'scheduler');
  await page.locator('tr', { hasText: 'cart' }).locator('.tone-ok').first().waitFor();
  await tab(page, 'lanes');
  await page.locator('.lanes svg .seg-back').first().waitFor();
  assert.ok(await page.locator('.lanes svg .probe').count() > 3);
  assert.ok(await page.locator('.lanes svg .tick.warn').count() > 0);
  fine(page);
});

test('the inspector shows memory and log lines on the axis, changes, scheduling, processes and files', async () => {
  const page = await shop();
  await inspect(page, 'cart', 'lanes');
  await page.locator('.inspector svg .limit').waitFor({ state: 'attached' });
  await page.locator('.inspector .story-table tr.story-log', { hasText: 'hello' }).first().waitFor();
  await page.locator('.inspector .story-table tr.story-warning').first().waitFor();
  await inspect(page, 'cart', 'changes');
  await page.locator('.diff .added').first().waitFor();
  await inspect(page, 'cart', 'scheduling');
  await page.locator('.scheduling tr', { hasText: 'master01' }).getByText('untolerated taint').waitFor();
  await inspect(page, 'cart', 'processes');
  await page.locator('.processes th', { hasText: 'nginx: master process' }).waitFor();
  await inspect(page, 'cart', 'files');
  await page.locator('.container-files th button', { hasText: 'etc/' }).click();
  await page.locator('.container-files th button', { hasText: 'nginx/' }).click();
  await page.locator('.container-files th button', { hasText: 'nginx.conf' }).click();
  await page.locator('.container-files pre', { hasText: 'http {' }).waitFor();
  fine(page);
});

test('a table is sorted and filtered by the core and holds only the rows in sight', async () => {
  const page = await open();
  await type(page, 'kubectl create deployment many --image=nginx:1.14.2 --replicas=300');
  await shows(page, 'deployment.apps/many created');
  await ask(page, 'play', { on: false });
  await run(page, 60);
  const table = page.locator('.pods-view > .table-view');
  await until(async () => await table.locator('table').getAttribute('aria-rowcount') === '301', async () => `${await table.locator('table').getAttribute('aria-rowcount')} rows`);
  const rows = () => table.locator('tbody tr:not(.spacer)').count();
  assert.ok(await rows() <= 120, `${await rows()} rows in the page`);
  await table.evaluate((element) => { element.scrollTop = element.scrollHeight; });
  await table.locator('tr[aria-rowindex="301"]').waitFor();
  assert.ok(await rows() <= 120);
  await page.locator('.pane[data-pane=views] .filter').fill('worker02');
  await until(async () => (await table.locator('tbody tr:not(.spacer)').allInnerTexts()).every((text) => text.includes('worker02')), async () => 'the filter does not hold');
  await page.locator('.pane[data-pane=views] .filter').fill('');
  await table.getByRole('button', { name: 'NODE' }).click();
  await table.getByRole('button', { name: 'NODE' }).click();
  await table.locator('th[aria-sort=descending]').waitFor();
  await until(async () => (await table.locator('tr[aria-rowindex="2"]').innerText()).includes('worker03'), async () => table.locator('tr[aria-rowindex="2"]').innerText());
  fine(page);
});

test('thousands of nodes are cells that can be opened', async () => {
  const page = await open();
  await many(page, 2_500);
  await type(page, 'kubectl create deployment lots --image=nginx:1.14.2 --replicas=300; kubectl cordon n0007');
  await shows(page, 'n0007 cordoned');
  await ask(page, 'play', { on: false });
  await tab(page, 'map');
  await page.getByRole('img', { name: '2501 nodes as cells' }).waitFor();
  assert.ok(await page.locator('.cells svg *').count() < 20, 'a path for each state, not an element for each node');
  await run(page, 20);
  await page.locator('.map-summary', { hasText: '300 pods' }).waitFor();
  await ask(page, 'fault', { text: 'node n0100 down' });
  await run(page, 60);
  await page.locator('.troubled').getByRole('button', { name: /n0100/ }).click();
  await page.locator('.node-card', { hasText: 'n0100' }).getByText('NotReady').waitFor();
  await page.locator('.cells').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.locator('.cell-label', { hasText: 'n0000: well' }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.node-card', { hasText: 'n0000' }).waitFor();
  await page.getByLabel('Order').selectOption('trouble');
  await page.keyboard.press('Tab');
  await page.locator('.pane[data-pane=views] .filter').fill('n0007');
  await page.getByRole('img', { name: '1 nodes as cells' }).waitFor();
  await page.locator('.cells').focus();
  await page.keyboard.press('Home');
  await page.locator('.cell-label', { hasText: 'n0007: cordoned' }).waitFor();
  const before = await page.locator('.cells svg').getAttribute('width');
  await page.keyboard.press('+');
  assert.notEqual(await page.locator('.cells svg').getAttribute('width'), before);
  fine(page);
});

test('a menu shows what can be done with an object and copies the command that shows it', async () => {
  const page = await shop();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await row(page, 'cart').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy kubectl describe pod cart' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'kubectl describe pod cart');
  await row(page, 'cart').locator('.more-button').click();
  await page.getByRole('menuitem', { name: /Kill its process/ }).click();
  await page.getByRole('button', { name: 'main', exact: true }).click();
  await page.locator('.toast.shown', { hasText: 'fault kill -n default cart main' }).waitFor();
  fine(page);
});

test('slips in a manifest are marked, and mended with a click', async () => {
  const page = await open();
  await page.locator('.cm-content').waitFor();
  const note = page.locator('.editor-note');
  const write = async (text) => {
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.evaluate((value) => { const data = new DataTransfer(); data.setData('text/plain', value); document.querySelector('.editor-host').shadowRoot.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })); }, text);
  };
  const lines = () => page.locator('.cm-content').innerText();
  await write('apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    imagee: nginx\n');
  await note.filter({ hasText: 'Perhaps: image' }).waitFor();
  await note.getByRole('button', { name: 'Mend it' }).click();
  await until(async () => /image: nginx/.test(await lines()), lines);
  await write('apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  restartPolicy: Alwys\n  containers:\n  - name: a\n    image: nginx\n');
  await note.filter({ hasText: 'Perhaps: Always' }).getByRole('button').click();
  await until(async () => /restartPolicy: Always/.test(await lines()), lines);
  await write('apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: nginx:1.99.9\n');
  await note.filter({ hasText: 'No registry has the image “nginx:1.99.9”' }).waitFor();
  await page.getByRole('button', { name: 'Templates and more' }).click();
  await page.getByRole('menuitem', { name: 'New: Deployment', exact: true }).click();
  await until(async () => /kind: Deployment/.test(await lines()), lines);
  fine(page);
});

test('a link opens at its instant, in its view, with its object', async () => {
  const page = await shop();
  await inspect(page, 'cart', 'why');
  await tab(page, 'map');
  await page.locator('header').getByRole('button', { name: 'Share' }).click();
  const field = page.getByLabel('Link', { exact: true });
  await until(async () => (await field.inputValue()).includes(';'), () => field.inputValue());
  const link = await field.inputValue();
  assert.match(link, /^#1\.[\w-]+;v=map;o=pods%2Fdefault%2Fcart;t=why$/);
  assert.match(await page.getByLabel('In a page of your own').inputValue(), /^<iframe src="podlab\.html\?embed=terminal,views#1\./);
  const friend = await open({ hash: link });
  await friend.locator('.pane[data-pane=views] [data-tab=map][aria-selected=true]').waitFor();
  await friend.locator('.inspector [data-tab=why][aria-selected=true]').waitFor();
  assert.equal(await friend.locator('.clock').innerText(), await page.locator('.clock').innerText());
  fine(friend);
});

test('the last command can be undone, and its text is there again', async () => {
  const page = await shop();
  await type(page, 'kubectl delete pod cart --now');
  await shows(page, 'deleted');
  await page.keyboard.press('Alt+Backspace');
  await page.locator('.toast.shown', { hasText: 'Undone: kubectl delete pod cart --now' }).waitFor();
  assert.doesNotMatch(await screen(page), /deleted/);
  assert.equal(await page.locator('.term-input').inputValue(), 'kubectl delete pod cart --now');
  await row(page, 'cart').waitFor();
  fine(page);
});

test('what kubectl printed of a real cluster becomes a scenario', async () => {
  const page = await open();
  const text = 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: kind-control-plane, resourceVersion: "5", labels: {node-role.kubernetes.io/control-plane: ""}}\n  status: {capacity: {cpu: "8", memory: 16Gi, pods: "110"}, addresses: [{type: InternalIP, address: 172.18.0.2}]}\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web, namespace: default, uid: x, resourceVersion: "9"}\n  spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "nginx:1.14.2"}]}}}\n  status: {replicas: 1}\n';
  const chooser = page.waitForEvent('filechooser');
  await page.locator('header').getByRole('button', { name: 'Open' }).click();
  await (await chooser).setFiles({ name: 'cluster.yaml', mimeType: 'text/yaml', buffer: Buffer.from(text) });
  await page.locator('.banner', { hasText: '1 nodes' }).waitFor();
  await type(page, 'kubectl get nodes; cat imported.yaml');
  await shows(page, /kind-control-plane[\s\S]*kind: Deployment/);
  assert.doesNotMatch(await screen(page), /resourceVersion/);
  fine(page);
});

test('the scenario is taken away as a script, the transcript as Markdown, events as CSV and JSON, views as SVG and PNG', async () => {
  const page = await shop();
  await tab(page, 'lanes');
  await page.locator('.lanes svg').first().waitFor();
  await page.locator('header').getByRole('button', { name: 'Share' }).click();
  const saved = async (name) => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name, exact: true }).click();
    return readFileSync(await (await download).path());
  };
  assert.match(String(await saved('Script for a real cluster')), /^#!\/usr\/bin\/env bash\n[\s\S]*cat > shop\.yaml <<'PODLAB_EOF'\n[\s\S]*\nPODLAB_EOF\nkubectl apply -f shop\.yaml\n$/);
  assert.match(String(await saved('Transcript (Markdown)')), /```console\n\[root@master01 ~\]# kubectl apply -f shop\.yaml\npod\/cart created/);
  assert.match(String(await saved('Events (CSV)')), /^seconds,type,reason,object,message,count,from\n"[\d.]+","Normal"/);
  assert.ok(JSON.parse(String(await saved('Events (JSON)'))).some((event) => event.reason === 'BackOff'));
  assert.match(String(await saved('This view as SVG')), /^<svg [\s\S]*fill="rgb/);
  assert.deepEqual([...(await saved('This view as PNG')).subarray(1, 4)], [...Buffer.from('PNG')]);
  fine(page);
});

test('an embedded page obeys the page around it, and nobody else', async () => {
  const url = await hosted();
  const page = await open({ url: 'about:blank', ready: false });
  await page.goto(`${url}sw.js`);
  await page.setContent(`<iframe src="${url}?embed=terminal,views" style="width:900px;height:500px"></iframe>`);
  await page.evaluate(() => { window.heard = []; addEventListener('message', ({ data }) => window.heard.push(data)); });
  const frame = page.frameLocator('iframe');
  await frame.locator('.term-prompt', { hasText: '#' }).waitFor();
  assert.equal(await frame.locator('header.top').count(), 0);
  assert.equal(await frame.locator('.pane[data-pane=files]').count(), 0);
  await page.evaluate(() => frames[0].postMessage({ podlab: 'run', line: 'kubectl run told --image=nginx:1.14.2' }, '*'));
  await frame.locator('.term', { hasText: 'pod/told created' }).waitFor();
  await until(() => page.evaluate(() => window.heard.some((message) => message.podlab === 'pods' && message.rows.some((one) => one.name === 'told'))), () => page.evaluate(() => JSON.stringify(window.heard.slice(-5))));
  await page.evaluate(() => frames[0].postMessage({ podlab: 'scenario' }, '*'));
  await until(() => page.evaluate(() => window.heard.some((message) => message.podlab === 'scenario' && message.link.startsWith('#1.'))), () => 'no scenario came');
});

test('panes are enlarged, put away and brought back', async () => {
  const page = await open();
  await page.locator('.pane[data-pane=terminal] .max').click();
  assert.ok(!(await page.locator('.pane[data-pane=views]').isVisible()));
  await page.locator('.pane[data-pane=terminal] .max').click();
  assert.ok(await page.locator('.pane[data-pane=views]').isVisible());
  await page.locator('header').getByRole('button', { name: 'Commands' }).click();
  await page.keyboard.type('hide files');
  await page.keyboard.press('Enter');
  await page.locator('.pane[data-pane=files]').waitFor({ state: 'hidden' });
  await page.keyboard.press('Alt+Digit2');
  await page.locator('.pane[data-pane=files]').waitFor();
  fine(page);
});
