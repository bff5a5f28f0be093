// The page's pure parts, without a browser.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { Screen, visible } from '../../www/js/ansi.js';
import { commands } from '../../www/js/paste.js';
import { kindAt, problems, lineOfPath, suggest } from '../../www/js/problems.js';
import { distance, enumValues, nearest, tidied } from '../../www/js/editor/suggest.js';
import { diff, hunks } from '../../www/js/diff.js';
import { focusOf, withFocus } from '../../www/js/link.js';
import { niceWindow } from '../../www/js/views/axis.js';
import { fields, pathAt } from '../../www/js/editor/schema.js';
import { qr, QR_LIMIT } from '../../www/js/qr.js';
import { clock, nextName, span } from '../../www/js/format.js';
import { acts, blank, finished, opened, since, take } from '../../www/js/lessons/draft.js';

const lines = (text) => {
  const screen = new Screen();
  screen.write(text);
  return [...screen.fresh, screen.current].map((line) => line.map(([run]) => run).join(''));
};

test('a screen obeys returns, tabs and clearing, and shows every other control character', () => {
  assert.deepEqual(lines('a\r\nb'), ['a', 'b']);
  assert.deepEqual(lines('10%\r20%'), ['20%']);
  assert.deepEqual(lines('a\tb'), ['a       b']);
  assert.deepEqual(lines('abc\b\bX'), ['aXc']);
  assert.deepEqual(lines('old\r\n\x1b[H\x1b[2Jnew'), ['new']);
  assert.deepEqual(lines('\x00\x1b[6nx\x1b]0;title\x07'), ['\u2400x0;title']);
});

test('colours survive, cut sequences are put together again', () => {
  const screen = new Screen();
  screen.write('\x1b[1;3');
  screen.write('1mred\x1b[0m plain');
  assert.deepEqual(screen.current, [['red', 'sgr-bold sgr1'], [' plain', '']]);
});

test('text that would read otherwise than it is becomes visible', () => {
  assert.equal(visible('a\u202eb\u200bc'), 'a<U+202E>b<U+200B>c');
  assert.equal(visible('\u0007\u009b'), '\u2407\\x9b');
});

test('a pasted transcript gives its commands', () => {
  assert.deepEqual(commands('[root@master01 ~]# kubectl get pods\nNAME   READY\npod1   1/1\n[root@master01 ~]# kubectl delete pod pod1\npod "pod1" deleted\n'), ['kubectl get pods', 'kubectl delete pod pod1']);
  assert.deepEqual(commands('查看\n# kubectl get pods -o yaml\n或\n# kubectl get pods -o json\n'), ['kubectl get pods -o yaml', 'kubectl get pods -o json']);
  assert.deepEqual(commands('ls\npwd\n'), ['ls', 'pwd']);
  assert.deepEqual(commands('ls'), ['ls']);
});

test('errors of kubectl find their place in the manifest', () => {
  const text = `# A note.\n${readFileSync('www/examples/space.yaml', 'utf8')}`;
  const [problem] = problems(text, "error: error parsing space.yaml: error converting YAML to JSON: yaml: line 9: could not find expected ':'");
  assert.equal(problem.line, 9);
  assert.equal(problem.fix, 'image: busybox');
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: b\n  - name: c\n    imagee: d\n';
  assert.equal(lineOfPath(pod, 'spec.containers[1].imagee'), 10);
  assert.equal(problems(pod, 'Error from server (BadRequest): error when creating "a.yaml": Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[1].imagee"')[0].line, 10);
});

test('the word that was most likely meant is found, and nothing where none is near', () => {
  assert.equal(distance('imagee', 'image'), 1);
  assert.equal(distance('iamge', 'image'), 1);
  assert.equal(nearest('imagee', ['name', 'image', 'args']), 'image');
  assert.equal(nearest('restartpolicy', ['restartPolicy']), 'restartPolicy');
  assert.equal(nearest('colour', ['name', 'image']), null);
  assert.equal(kindAt('kind: Pod\n---\nkind: Service\nspec:\n  a: 1\n', 5), 'Service');
});

test('slips carry their remedy', async () => {
  const pod = 'kind: Pod\nspec:\n  restartPolicy: alwys\n  containers:\n  - name: a\n    imagee: b\n';
  const value = problems(pod, 'The Pod "a" is invalid: spec.restartPolicy: Unsupported value: "alwys": supported values: "Always", "OnFailure", "Never"');
  assert.deepEqual(value[0].edit, { line: 3, old: 'alwys', new: 'Always' });
  const field = problems(pod, 'strict decoding error: unknown field "spec.containers[0].imagee"');
  await suggest(pod, field, async (path) => (path === 'pod.spec.containers' ? 'KIND: Pod\n\nFIELDS:\n  image\t<string>\n    Text.\n\n  name\t<string> -required-\n    Text.\n' : ''));
  assert.deepEqual(field[0].edit, { line: 6, old: 'imagee', new: 'image' });
});

test('tidying puts right what is only clumsy', () => {
  assert.equal(tidied('kind:Pod  \r\nspec:\n\tcontainers:\n  -name: a\n    image: http://x\n\n\n'), 'kind: Pod\nspec:\n  containers:\n  - name: a\n    image: http://x\n');
  assert.deepEqual(enumValues('DESCRIPTION:\n    Possible enum values:\n     - `"Always"` means so\n     - `"Never"` means that\n'), ['Always', 'Never']);
});

test('two texts differ line by line, with little of what is equal around', () => {
  const lines = diff('a\nb\nc\nd\ne\nf\ng\nh', 'a\nb\nc\nd\nX\nf\ng\nh\ni');
  assert.deepEqual(lines.filter(([sign]) => sign !== ' '), [['-', 'e'], ['+', 'X'], ['+', 'i']]);
  assert.deepEqual(hunks(lines, 1).map((line) => line?.join('') ?? null), [null, ' d', '-e', '+X', ' f', null, ' h', '+i']);
  assert.deepEqual(hunks(diff('a', 'a')), []);
});

test('a link names what it opens with', () => {
  const focus = { view: 'map', object: 'pods/default/a', tab: 'why' };
  assert.deepEqual(focusOf(`#1.abc${withFocus(focus)}`), focus);
  assert.deepEqual(focusOf('#1.abc'), { view: undefined, object: undefined, tab: undefined });
  assert.deepEqual(focusOf('#1.abc;v=%'), {});
});

test('a time axis holds still until there is no room left', () => {
  const [from, length] = niceWindow(1e6, 21e6);
  assert.deepEqual(niceWindow(1e6, 29e6), [from, length]);
  assert.ok(from <= 1e6 && from + length >= 29e6);
});

test('the editor knows where in a manifest a line stands', () => {
  const text = 'kind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: b\n    ports:\n    - containerPort: 80\n      x\n    y\n  z'.split('\n');
  assert.deepEqual(pathAt(text, 2, 2), { kind: 'Pod', path: ['metadata'] });
  assert.deepEqual(pathAt(text, 6, 4), { kind: 'Pod', path: ['spec', 'containers'] });
  assert.deepEqual(pathAt(text, 9, 6), { kind: 'Pod', path: ['spec', 'containers', 'ports'] });
  assert.deepEqual(pathAt(text, 10, 4), { kind: 'Pod', path: ['spec', 'containers'] });
  assert.deepEqual(pathAt(text, 11, 2), { kind: 'Pod', path: ['spec'] });
  assert.deepEqual(fields('KIND: Pod\n\nFIELDS:\n  args\t<[]string>\n    What to pass.\n\n  name\t<string> -required-\n    Its name.\n').map(({ name, type, required }) => [name, type, required]), [['args', '[]string', false], ['name', 'string', true]]);
});

test('a QR code has its three finders and grows with its text', () => {
  const small = qr('HELLO');
  assert.equal(small.length, 21);
  for (const [x, y] of [[0, 0], [14, 0], [0, 14]]) assert.deepEqual([...small[y].slice(x, x + 7)], [1, 1, 1, 1, 1, 1, 1]);
  assert.equal(qr('x'.repeat(QR_LIMIT)).length, 177);
  assert.equal(qr('x'.repeat(QR_LIMIT + 1)), null);
});

test('instants and spans are written in the unit that suits them', () => {
  assert.equal(clock(3_723_004_000), '1:02:03.004');
  assert.equal(span(1_500), '1.5 ms');
  assert.equal(span(2_500_000), '2.50 s');
});

/** All texts of a language: the page's and the lessons'. */
const texts = (name) => ['', 'lessons.'].reduce((all, part) => ({ ...all, ...JSON.parse(readFileSync(`www/i18n/${part}${name}.json`, 'utf8')) }), {});

test('both languages have every text, with the same values', () => {
  const [en, zh] = ['en', 'zh'].map((name) => texts(name));
  assert.deepEqual(Object.keys(zh), Object.keys(en));
  for (const [key, text] of Object.entries(en)) {
    const values = (of) => [...of.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    assert.deepEqual(values(zh[key]), values(text), key);
  }
});

test('every text that the scripts ask for exists', () => {
  const en = texts('en');
  const files = readdirSync('www/js', { recursive: true }).filter((name) => name.endsWith('.js'));
  for (const name of files) {
    const source = readFileSync(`www/js/${name}`, 'utf8');
    for (const [, key] of source.matchAll(/\bt\('([\w.-]+)'/g)) assert.ok(key in en, `${name}: ${key}`);
  }
});

test('a session becomes steps: lines, pauses, files given and files changed', () => {
  const log = [{ at: 0, open: 0 }, { at: 1e6, file: ['new.yaml', 'a'] }, { at: 2e6, line: [0, 'kubectl apply -f new.yaml'] }, { at: 9.4e6, line: [0, '  '] }, { at: 12e6, file: ['new.yaml', 'b'] }, { at: 12.5e6, fault: 'node worker01 down' }];
  const done = acts(log, 42.5e6);
  assert.deepEqual(done, [{ file: 'new.yaml', text: 'a' }, 'kubectl apply -f new.yaml', 'wait 10s', { file: 'new.yaml', text: 'b' }, 'fault node worker01 down', 'wait 30s']);
  const draft = blank('en');
  assert.equal(take(draft, done, false), true);
  assert.deepEqual(draft.files, { 'new.yaml': 'a' });
  assert.deepEqual(draft.steps[0].commands, ['kubectl apply -f new.yaml', 'fault node worker01 down']);
  assert.deepEqual(draft.steps[0].solution, ['kubectl apply -f new.yaml', 'wait 10s', { file: 'new.yaml', text: 'b' }, 'fault node worker01 down', 'wait 30s']);
  assert.equal(take(draft, ['wait 20s'], false), false);
  take(draft, ['kubectl run web --image=nginx', '^C', 'wait 5s'], true);
  assert.deepEqual(draft.setup, ['kubectl run web --image=nginx', 'wait 5s']);
  assert.deepEqual(since(log, JSON.stringify(log[2])), log.slice(3));
  assert.deepEqual(since(log, '{"at":7}'), log);
});

test('a draft leaves out what is blank, falls back where it must, and keeps what it does not edit', () => {
  const draft = opened({ lesson: 1, id: 'x', languages: ['en'], title: { en: 'T' }, about: {}, section: '4.2', steps: [{ title: {}, text: {}, commands: ['ls'], solution: ['ls'], goals: [{ when: 'pod/a ready', points: 2, then: true }], hints: [{ en: ' ' }], ask: { en: 'Q', options: [{ en: 'A', when: 'x' }] } }] });
  const done = JSON.parse(JSON.stringify(finished(draft)));
  assert.deepEqual(done.steps[0], { title: { en: 'T' }, text: { en: 'T' }, commands: ['ls'], goals: [{ en: 'pod/a ready', when: 'pod/a ready', points: 2, then: true }], hints: [], ask: { en: 'Q', options: [{ en: 'A', when: 'x' }] } });
  assert.deepEqual([done.section, done.about, done.debrief, done.kind], ['4.2', { en: 'T' }, undefined, undefined]);
  draft.languages = ['en', 'zh'];
  assert.deepEqual(finished(draft).title, { en: 'T', zh: '' });
});

test('a further machine is counted on from the last one', () => {
  assert.equal(nextName(['master01', 'worker01', 'worker09']), 'worker10');
  assert.equal(nextName(['node-9', 'node-10']), 'node-11');
  assert.equal(nextName(['alpha']), 'worker01');
});
