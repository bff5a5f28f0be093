// What a visitor does, in a real browser on the built file.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { open, type, screen, shareLink, shows, hosted, row as podRow, until, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

test('a stranger applies a manifest, sees the pod run, looks inside, deletes it, and a friend sees the same', async () => {
  const page = await open();
  assert.match(await screen(page), /\[root@master01 ~\]#/);
  await page.locator('.pane[data-pane=files]').getByRole('button', { name: 'Apply', exact: true }).click();
  await shows(page, 'pod/web created');
  await podRow(page, 'web').getByText('Running').waitFor();
  await type(page, 'kubectl exec -it web -- bash');
  await shows(page, /root@web|bash-\d/);
  await type(page, 'hostname');
  await type(page, 'exit');
  await shows(page, /exit\n\[root@master01 ~\]# *$/);
  await type(page, 'kubectl get pods');
  await shows(page, /web +1\/1 +Running/);
  await page.locator('.timebar .play').click();
  const before = await screen(page);
  const at = await page.locator('.clock').innerText();
  const link = await shareLink(page);
  assert.match(link, /^#1\./);
  assert.ok(!link.includes('file:'));
  assert.ok(link.length < 2_000, `${link.length} characters`);
  await page.keyboard.press('Escape');
  const friend = await open({ hash: link });
  await friend.locator('.banner').waitFor();
  assert.equal(await screen(friend), before);
  assert.equal(await friend.locator('.clock').innerText(), at);
  await type(page, 'kubectl delete pod web --now');
  await shows(page, 'deleted');
  await page.locator('.timebar .play').click();
  await podRow(page, 'web').waitFor({ state: 'detached' });
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(friend.complaints, []);
});

test('the hosted page works, keeps itself for times without a network, and its link loads again', async () => {
  const url = await hosted();
  const page = await open({ url });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await type(page, 'kubectl run one --image=nginx:1.14.2');
  await shows(page, 'pod/one created');
  const link = await shareLink(page);
  assert.ok(link.startsWith(url));
  await page.context().setOffline(true);
  await page.goto('about:blank');
  await page.goto(link);
  await shows(page, 'pod/one created');
  assert.deepEqual(page.complaints.filter((text) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(text)), []);
});

test('a mistake in a manifest is marked at its line, with kubectl\'s own words', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Examples' }).first().click();
  await page.getByRole('button', { name: 'A missing space' }).click();
  const note = page.locator('.editor-note');
  await note.filter({ hasText: 'error converting YAML to JSON' }).waitFor();
  assert.match(await note.innerText(), /Line 9:.*Perhaps: image: busybox/s);
  await page.locator('.cm-lint-marker-error').waitFor();
  await type(page, 'kubectl apply -f space.yaml');
  await shows(page, 'error: error parsing space.yaml: error converting YAML to JSON');
  assert.deepEqual(page.complaints, []);
});

test('an edited manifest is written to the workstation and applied', async () => {
  const page = await open();
  await page.locator('.cm-line', { hasText: 'name: web' }).click();
  await page.keyboard.press('End');
  await page.keyboard.type('-two');
  await page.keyboard.press('Control+s');
  await type(page, 'grep web-two web.yaml');
  await shows(page, /\n +name: web-two\n/);
  await page.locator('.pane[data-pane=files]').getByRole('button', { name: 'Apply', exact: true }).click();
  await podRow(page, 'web-two').getByText('Running').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('vim opens the page\'s editor and the program goes on when it is closed', async () => {
  const page = await open();
  await type(page, 'vim notes.txt');
  await page.getByText('A program waits for this file').waitFor();
  await page.locator('.cm-content').click();
  await page.keyboard.type('hello from the editor');
  await page.getByRole('button', { name: 'Save and close' }).click();
  await shows(page, /\[root@master01 ~\]# vim notes.txt[\s\S]*\[root@master01 ~\]# *$/);
  await type(page, 'cat notes.txt');
  await shows(page, 'hello from the editor');
});

test('time stands, steps, goes on, and goes back with all panes agreeing', async () => {
  const page = await open();
  await page.locator('.timebar .play').click();
  await type(page, 'kubectl run one --image=nginx:1.14.2');
  await shows(page, 'pod/one created');
  await page.getByRole('button', { name: '+10 s' }).click();
  await podRow(page, 'one').getByText('Running').waitFor();
  await type(page, 'kubectl delete pod one --now');
  await page.getByRole('button', { name: '+1 min' }).click();
  await podRow(page, 'one').waitFor({ state: 'detached' });
  await page.locator('.scrub input').focus();
  await page.getByRole('button', { name: 'Back to the beginning' }).click();
  await page.waitForFunction(() => document.querySelector('.clock').textContent === '0:00:00.000');
  await page.getByRole('button', { name: '+10 s' }).click();
  await podRow(page, 'one').getByText('Running').waitFor();
  assert.doesNotMatch(await screen(page), /deleted/);
  await type(page, 'kubectl get pods');
  await page.getByRole('heading', { name: 'You are in the past' }).waitFor();
  await page.getByRole('button', { name: 'Replace them' }).click();
  await shows(page, /one +1\/1 +Running/);
  assert.deepEqual(page.complaints, []);
});

test('the inspector shows description, causes, flow, lanes and logs of a pod', async () => {
  const page = await open();
  await type(page, 'kubectl apply -f web.yaml');
  await podRow(page, 'web').getByText('Running').waitFor();
  await podRow(page, 'web').locator('th button').click();
  await page.locator('.inspector pre', { hasText: /Name: +web/ }).waitFor();
  await page.locator('[data-tab=why]').click();
  await page.locator('.chain', { hasText: 'someone typed: kubectl apply -f web.yaml' }).first().waitFor();
  await page.locator('[data-tab=flow]').click();
  await page.locator('.flow-table', { hasText: 'the scheduler picked node' }).waitFor();
  await page.locator('.inspector').getByRole('tab', { name: 'Timeline' }).click();
  await page.locator('.inspector svg .seg-ready').waitFor();
  await page.locator('[data-tab=yaml]').click();
  await page.locator('.inspector pre', { hasText: 'podIP:' }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a pasted transcript runs its commands one after the other', async () => {
  const page = await open();
  await page.locator('.term-input').evaluate((input) => {
    const data = new DataTransfer();
    data.setData('text/plain', '[root@master01 ~]# kubectl run a --image=nginx:1.14.2\npod/a created\n[root@master01 ~]# kubectl get pods\nNAME READY\n');
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await shows(page, 'pod/a created');
  await shows(page, /RESTARTS +AGE/);
});

test('a paste that no terminal could take is refused, and the line stays as it was', async () => {
  const page = await open();
  const input = page.locator('.term-input');
  await input.fill('echo kept');
  for (const text of ['ls\n'.repeat(500_000), 'x'.repeat(300_000)]) {
    await input.evaluate((element, value) => {
      const data = new DataTransfer();
      data.setData('text/plain', value);
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }, text);
    await page.locator('.toast.shown', { hasText: 'it takes 2000 lines or 200 kB at once' }).waitFor();
  }
  await input.press('Enter');
  await shows(page, /^kept$/m);
  assert.deepEqual(page.complaints, []);
});

test('the palette finds what holds most of the words, and says when nothing does', async () => {
  const page = await open();
  await page.keyboard.press('Control+k');
  const options = page.locator('.palette-list li');
  await page.keyboard.type('zebra share');
  await until(async () => /share/i.test(await options.first().innerText()), () => options.allInnerTexts());
  await page.keyboard.press('Control+a');
  await page.keyboard.type('zebra');
  await options.filter({ hasText: 'Nothing is called that' }).waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('show nodes');
  await until(async () => (await options.first().innerText()) === 'Show: Nodes', () => options.allInnerTexts());
  await page.keyboard.press('Enter');
  await page.locator('[role=tab][aria-selected=true]', { hasText: 'Nodes' }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('Tab completes, Escape and Tab leave, arrows recall, Ctrl-C interrupts', async () => {
  const page = await open();
  const input = page.locator('.term-input');
  await input.fill('kubectl apply -f we');
  await input.press('Tab');
  await page.waitForFunction(() => document.querySelector('.term-input').value === 'kubectl apply -f web.yaml ');
  await input.press('Enter');
  await shows(page, 'pod/web created');
  await input.press('ArrowUp');
  assert.equal(await input.inputValue(), 'kubectl apply -f web.yaml ');
  await input.fill('kubectl get pods -w');
  await input.press('Enter');
  await shows(page, /web +\d\/1/);
  await input.press('Control+c');
  await shows(page, /\^C\n\[root@master01 ~\]# *$/);
  await input.fill('x');
  await input.press('Escape');
  await input.press('Tab');
  assert.ok(!(await input.evaluate((element) => element === document.activeElement)));
});

test('hostile text stays text', async () => {
  const page = await open();
  await type(page, `echo '<img src=x onerror=alert(1)>' '<b>bold</b>'`);
  await shows(page, '<b>bold</b>');
  await type(page, String.raw`printf 'a\033]0;title\007b \342\200\256 right\n'`);
  await shows(page, '<U+202E>');
  assert.equal(await page.locator('.term img, .term b').count(), 0);
  const broken = await open({ hash: '#1.AAAA' });
  await broken.locator('.banner', { hasText: 'could not be read' }).waitFor();
  await type(broken, 'echo still here');
  await shows(broken, /\nstill here/);
  assert.deepEqual([...page.complaints, ...broken.complaints], []);
});

test('an unsupported browser is told so', async () => {
  const page = await open();
  await page.addInitScript(() => { delete window.DecompressionStream; });
  await page.reload();
  await page.getByRole('alert').filter({ hasText: 'DecompressionStream' }).waitFor();
});

test('the last visit can be restored', async () => {
  const url = await hosted();
  const page = await open({ url });
  await type(page, 'kubectl run kept --image=nginx:1.14.2');
  await shows(page, 'pod/kept created');
  await page.waitForFunction(() => localStorage.getItem('podlab.session')?.includes('kubectl run kept'));
  await page.reload();
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await shows(page, 'pod/kept created');
});
