// The editor: completion and hover from the schema, tidying, the difference to the cluster, files by dropping.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { ask, open, type, shows, until, hosted, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const fine = (page) => assert.deepEqual(page.complaints, []);
const text = (page) => page.locator('.cm-content').innerText();

async function write(page, value) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(value);
}

test('fields are completed and explained from the schema', async () => {
  const page = await open();
  await page.locator('.cm-content').waitFor();
  await page.locator('.cm-line', { hasText: 'image: nginx' }).click();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('imageP');
  await page.keyboard.press('Control+Space');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'imagePullPolicy' }).waitFor();
  await page.waitForTimeout(200);
  await page.keyboard.press('Enter');
  await until(async () => /imagePullPolicy/.test(await text(page)), () => text(page));
  await page.locator('.cm-line', { hasText: 'containers:' }).locator('span', { hasText: 'containers' }).first().hover();
  await page.locator('.cm-tooltip-hover', { hasText: /List of containers belonging to the pod/ }).waitFor();
  fine(page);
});

test('clumsy text is tidied, and the difference to the cluster is shown', async () => {
  const page = await open();
  await type(page, 'kubectl apply -f web.yaml');
  await shows(page, 'pod/web created');
  await page.locator('.cm-content').waitFor();
  await write(page, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    app: web\nspec:\n  containers:\n  - name: nginx   \n    image:nginx:1.25\n    ports:\n    - containerPort: 80\n');
  await page.getByRole('button', { name: 'Templates and more' }).click();
  await page.getByRole('menuitem', { name: /^Tidy up/ }).click();
  await until(async () => /image: nginx:1\.25/.test(await text(page)), () => text(page));
  await page.getByRole('button', { name: 'Templates and more' }).click();
  await page.getByRole('menuitem', { name: 'Compare with the cluster' }).click();
  await page.locator('dialog .removed', { hasText: 'image: nginx:1.14.2' }).waitFor();
  await page.locator('dialog .added', { hasText: 'image: nginx:1.25' }).waitFor();
  await page.keyboard.press('Escape');
  await write(page, 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {nodeName: other, containers: [{name: nginx, image: "nginx:1.25"}]}\n');
  await page.getByRole('button', { name: 'Templates and more' }).click();
  await page.getByRole('menuitem', { name: 'Compare with the cluster' }).click();
  await page.locator('dialog pre', { hasText: 'pod updates may not change fields other than' }).waitFor();
  fine(page);
});

test('a file that is dropped on the editor is a file of the workstation', async () => {
  const page = await open();
  await page.locator('.cm-content').waitFor();
  await page.locator('.files').evaluate((element) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['hello from outside\n'], 'note.txt', { type: 'text/plain' }));
    element.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.getByRole('tab', { name: 'note.txt' }).waitFor();
  await type(page, 'cat note.txt');
  await shows(page, /\nhello from outside\n/);
  fine(page);
});

test('where it is hosted, the sheet for sharing shows a code to photograph', async () => {
  const page = await open({ url: await hosted() });
  await ask(page, 'play', { on: false });
  await page.getByRole('button', { name: 'Share' }).click();
  await page.locator('dialog svg.qr path').last().waitFor();
  const modules = await page.locator('dialog svg.qr path').last().getAttribute('d');
  assert.ok(modules.length > 1_000);
  fine(page);
});

test('a file that is too large is refused in words, and stays as it is in the editor', async () => {
  const page = await open();
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', `kind: Pod\n${'x: y\n'.repeat(400_000)}`);
    document.querySelector('.editor-host').shadowRoot.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await until(async () => /x: y/.test(await text(page)), () => text(page));
  await page.getByRole('button', { name: 'Apply' }).first().click();
  await page.locator('.toast.shown', { hasText: 'web.yaml is too large: at most 1 MB' }).waitFor();
  assert.doesNotMatch(await page.locator('.term-log').innerText(), /kubectl apply/);
  assert.match(await text(page), /x: y/);
  fine(page);
});
