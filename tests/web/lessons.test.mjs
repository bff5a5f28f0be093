// Lessons as a student and a teacher use them, in a real browser on the built file.

import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { open, type, shareLink, shows, hosted, end } from './harness.mjs';

after(end);

const goal = (page, text) => page.locator('.lesson-goals li', { hasText: text });
const reached = (page, text) => goal(page, text).and(page.locator('.done')).waitFor({ timeout: 90_000 });
const next = (page) => page.locator('.lesson-move button').last().click();

test('the first lesson, from the banner of a first visit to the debrief and the next lesson', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Begin the first lesson' }).click();
  await page.getByRole('heading', { name: 'A Pod, two ways to make one' }).waitFor();
  await page.locator('.lesson-command').first().click();
  const input = page.locator('.term-input');
  assert.match(await input.inputValue(), /^kubectl run nginxpod1 /);
  await input.press('Enter');
  await reached(page, 'nginxpod1 is ready');
  await next(page);
  await type(page, 'kubectl apply -f pod1.yaml');
  await shows(page, 'pod/pod1 created');
  await type(page, 'kubectl apply -f pod1.yaml');
  await reached(page, 'pod1 is ready');
  await reached(page, 'unchanged');
  await next(page);
  await page.getByRole('radio', { name: 'it is gone for good' }).check();
  await type(page, 'kubectl delete pod pod1');
  await page.getByRole('button', { name: 'Let 20s pass' }).click();
  await reached(page, 'pod1 is gone');
  await page.getByText('Right.').waitFor();
  await next(page);
  await type(page, 'kubectl create deployment web --image=nginx:1.14.2 --replicas=2');
  await page.locator('.lesson-time').first().click();
  await type(page, 'kubectl delete pod -l app=web');
  await reached(page, 'two are ready again');
  await next(page);
  await page.getByText('6 of 6 points.').waitFor();
  await page.getByRole('button', { name: 'Next: Ask the cluster' }).click();
  await page.getByRole('heading', { name: 'The built-in manual' }).waitFor();
  await page.getByRole('button', { name: 'All lessons' }).click();
  await page.getByText('1 of 40 finished').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a lesson by the keyboard alone', async () => {
  const page = await open();
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  await press('Alt+l');
  await page.locator('.lesson-list [data-lesson="explain"]').waitFor();
  for (let i = 0; i < 60 && (await page.evaluate(() => document.activeElement?.dataset.lesson)) !== 'explain'; i++) await press('Tab');
  await press('Enter');
  await page.getByRole('heading', { name: 'The built-in manual' }).waitFor();
  await press('Alt+1');
  await press('Alt+i', 'Enter');
  await shows(page, /KIND: +Pod/);
  await press('ArrowRight', 'Enter');
  await reached(page, 'imagePullPolicy may be');
  await press('Alt+n', 'Alt+h');
  await page.locator('.lesson-hints p').first().waitFor();
  await press('Alt+i', 'Enter');
  await reached(page, 'pod1 is ready');
  await press('Alt+i', 'Enter');
  await reached(page, 'as YAML or JSON');
  await press('Alt+n', 'Alt+i', 'Enter');
  await reached(page, 'by jsonpath');
  await press('Alt+n');
  await page.getByText(/of 6 points/).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a lesson in Chinese, from a file, with the network off', async () => {
  const page = await open({ language: 'zh-CN', hash: '#lesson=placement' });
  await page.context().setOffline(true);
  await page.getByRole('heading', { name: 'nodeName 与 nodeSelector' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await page.getByRole('radio', { name: '没有' }).check();
  await type(page, 'kubectl apply -f 09_pod_nodename.yaml');
  await reached(page, '未经调度');
  await page.getByText('正确。').waitFor();
  await next(page);
  await type(page, 'kubectl apply -f 10_pod_nodeselector.yaml');
  await reached(page, '原因已看到');
  await next(page);
  await type(page, 'kubectl label nodes worker02 app=webserver');
  await reached(page, '由调度器放置');
  const text = await page.locator('.lesson').innerText();
  assert.doesNotMatch(text, /Next step|Hint|Goals/);
  assert.deepEqual(page.complaints, []);
});

test('undo takes a command back, and the receipt that is saved carries the run', async () => {
  const page = await open({ hash: '#lesson=slip-service' });
  await page.getByRole('heading', { name: 'A Service that finds nobody' }).waitFor();
  await type(page, 'kubectl delete pod readiness-httpget --now');
  await shows(page, 'deleted');
  await page.getByRole('button', { name: 'Take the last command back (Alt+U)' }).click();
  await page.getByText('Undone: kubectl delete pod readiness-httpget --now').waitFor();
  await type(page, 'kubectl get pods');
  await shows(page, /readiness-httpget +1\/1/);
  await type(page, 'kubectl label pod readiness-httpget app=nginx');
  await reached(page, 'The Service has an endpoint');
  await next(page);
  await page.getByRole('button', { name: 'Receipt' }).click();
  await page.getByLabel('Your name').fill('Ada');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the receipt' }).click();
  const file = await saved;
  assert.equal(file.suggestedFilename(), 'slip-service-Ada.json');
  const receipt = JSON.parse(readFileSync(await file.path(), 'utf8'));
  assert.deepEqual([receipt.lesson, receipt.student, receipt.points], ['slip-service', 'Ada', 2]);
  assert.ok(receipt.log.some((entry) => entry.line?.[1].startsWith('kubectl label')));
  assert.deepEqual(page.complaints, []);
});

test('a teacher records a lesson, points at a goal, packs one file, and a student opens it', async () => {
  const page = await open();
  await type(page, 'kubectl run mine --image=nginx:1.14.2');
  await page.locator('table.objects').getByText('Running').waitFor();
  await page.getByRole('button', { name: 'Lessons', exact: true }).click();
  await page.getByRole('button', { name: 'Write a lesson' }).click();
  await page.getByRole('button', { name: 'Take what I did as a step' }).click();
  await page.getByLabel('Title', { exact: true }).fill('My first Pod');
  await page.getByLabel('Title of the step').fill('Run it');
  await page.getByRole('button', { name: 'Point at a goal' }).click();
  await page.getByRole('button', { name: /^mine is ready ?pod\/mine ready$/ }).click();
  await page.getByRole('button', { name: 'Pack one HTML file' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the HTML file' }).click();
  const path = `/tmp/podlab-handout-${process.pid}.html`;
  await (await saved).saveAs(path);
  assert.deepEqual(page.complaints, []);
  const student = await open({ url: pathToFileURL(path).href });
  await student.getByRole('heading', { name: 'My first Pod' }).waitFor();
  await type(student, 'kubectl run mine --image=nginx:1.14.2');
  await reached(student, 'mine is ready');
  assert.deepEqual(student.complaints, []);
});

test('every lesson has a link of at most 2,000 characters', async () => {
  const url = await hosted();
  const page = await open({ url, hash: '#lesson=drill-taint' });
  await page.getByRole('heading', { name: 'Taints' }).waitFor();
  await type(page, 'kubectl describe pod web');
  await shows(page, 'untolerated taint');
  const link = await shareLink(page);
  assert.ok(link.length <= 2_000, `${link.length} characters`);
  const friend = await open({ url: link });
  await friend.getByRole('heading', { name: 'Taints' }).waitFor();
  await shows(friend, 'untolerated taint');
});
