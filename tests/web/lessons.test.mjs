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
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.locator('.lesson-trial li.done', { hasText: 'mine is ready' }).waitFor();
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

test('a teacher makes a drill with a setup, a question and a second language, and changes it later', async () => {
  const page = await open();
  const author = page.locator('.author');
  await page.getByRole('button', { name: 'Lessons', exact: true }).click();
  await page.getByRole('button', { name: 'Write a lesson' }).click();
  await type(page, 'kubectl create job pi --image=busybox -- sh -c "exit 3"');
  await shows(page, 'job.batch/pi created');
  await author.getByRole('button', { name: 'Take it as the setup' }).click();
  await type(page, 'kubectl delete job pi');
  await shows(page, 'job.batch "pi" deleted');
  await author.getByRole('button', { name: 'Take what I did as a step' }).click();
  await author.getByRole('button', { name: 'Point at a goal' }).click();
  await page.getByRole('button', { name: /job\/pi is gone/ }).click();
  await author.getByLabel('Languages').selectOption('both');
  await author.getByLabel('Title', { exact: true }).fill('A Job without end');
  await page.getByText('title: the text in `zh` is missing').waitFor();
  await author.getByLabel('Texts below are in').selectOption('zh');
  await author.getByLabel('Title', { exact: true }).fill('没完没了的 Job');
  await author.getByLabel('Goal in words').fill('Job 已删除');
  await author.getByRole('button', { name: 'Question', exact: true }).click();
  await author.getByLabel('What will happen?').fill('它会重试吗？');
  for (const [i, [answer, when]] of [['会', 'count pod[job-name=pi] >= 2'], ['不会', 'job/pi gone']].entries()) {
    await author.getByRole('button', { name: 'Write a condition' }).first().click();
    await author.getByLabel('Answer', { exact: true }).nth(i).fill(answer);
    await author.getByLabel('Condition').nth(i).fill(when);
  }
  await author.getByLabel('Texts below are in').selectOption('en');
  await author.getByLabel('What will happen?').fill('Is it tried again?');
  await author.getByLabel('Answer', { exact: true }).nth(0).fill('Yes');
  await author.getByLabel('Answer', { exact: true }).nth(1).fill('No');
  await author.getByRole('button', { name: 'Check', exact: true }).click();
  await page.locator('.lesson-trial li.done', { hasText: 'job/pi is gone' }).waitFor();
  await page.locator('.lesson-trial li.done', { hasText: 'Is it tried again?' }).waitFor();
  const saved = page.waitForEvent('download');
  await author.getByRole('button', { name: 'Save the file' }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  assert.match(text, /^setup:\n- "kubectl create job pi/m);
  assert.match(text, /zh: 没完没了的 Job|zh: "没完没了的 Job"/);
  await author.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('heading', { name: 'A Job without end', level: 2 }).waitFor();
  await page.getByRole('radio', { name: 'Yes' }).waitFor();
  await page.getByRole('button', { name: 'Change this lesson' }).click();
  await page.getByRole('button', { name: 'Leave it' }).click();
  assert.equal(await author.getByLabel('Title', { exact: true }).inputValue(), 'A Job without end');
  assert.equal(await author.getByLabel('Setup').inputValue().then((value) => value.split('\n')[0]), 'kubectl create job pi --image=busybox -- sh -c "exit 3"');
  assert.deepEqual(page.complaints, []);
});

test('a built-in lesson that is opened for change and saved is the same lesson', async () => {
  const page = await open({ hash: '#lesson=limits' });
  await page.getByRole('button', { name: 'Change this lesson' }).click();
  const saved = page.waitForEvent('download');
  await page.locator('.author').getByRole('button', { name: 'Save the file' }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  const original = readFileSync('www/lessons/limits.yaml', 'utf8');
  const words = (lesson) => lesson.replace(/^version:.*|^languages:[^\n]*\n(- (en|zh)\n)*/gm, '').match(/[\p{L}\d]+/gu).filter((word) => !/^(https?|n)$/.test(word)).sort();
  assert.deepEqual(words(text), words(original));
  assert.deepEqual(page.complaints, []);
});

test('the handout is all that is printed, with its address as a code where there is one', async () => {
  for (const url of [undefined, await hosted()]) {
    const page = await open({ url, hash: '#lesson=limits' });
    await page.getByRole('heading', { name: 'Memory limits and the OOM kill' }).waitFor();
    await page.evaluate(() => { window.print = () => {}; });
    await page.emulateMedia({ media: 'print' });
    await page.locator('[aria-label^="Print"]').dispatchEvent('click');
    const sheet = page.locator('.handout');
    await sheet.waitFor();
    assert.equal(await page.locator('#app').isVisible(), false);
    for (const text of ['2. Beyond the limit', '☐ It is killed, and restarted again and again', 'greedy.yaml', '☐ greedy was restarted at least twice']) await sheet.getByText(text).first().waitFor();
    assert.match(await sheet.locator('header').innerText(), url ? /http:.*#lesson=limits/ : /podlab\.html#lesson=limits/);
    assert.equal(await sheet.locator('.qr').count(), url ? 1 : 0);
    assert.deepEqual(page.complaints, []);
  }
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
