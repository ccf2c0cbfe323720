// Journeys around rules: made, tried out, fired by images that DCMTK sends, switched off; and who may not see them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addUser, checkAccessibility, logIn, openPage, shot, startAdit, startBrowser, studyFolder, values } from './support.mjs';

const NAME = 'CT1 to the second archive';
let adit, browser, page, errors;

before(async () => {
  adit = await startAdit();
  browser = await startBrowser();
  ({ page, errors } = await openPage(browser));
  await logIn(page, adit);
  // Who is logged in is asked before anybody is: the browser says so.
  assert.ok(errors.every((line) => line.includes('401')), errors.join('\n'));
  errors.length = 0;
});

after(async () => {
  await browser?.close();
  await adit?.stop();
});

const card = (name) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
const form = () => page.getByRole('form', { name: 'Rule' });
const json = async (path) => (await page.request.get(adit.url + path)).json();

/** Sends a demo study to ADIT with DCMTK as `sender`; answers with what became of it. */
async function send(sender, patientId, description) {
  const session = await json('/api/session');
  const folder = studyFolder(join(adit.data, 'demo', 'archive1'), patientId, description);
  return spawnSync('storescu', ['-aet', sender, '-aec', session.ae_title, '-R', '+sd', '+r', '127.0.0.1', String(session.scp_port), folder], { encoding: 'utf8' });
}

/** Nothing sticks out to the right of a telephone. */
async function checkWidth(where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.equal(over, 0, `${where} is ${over} pixels too wide`);
}

async function openRules() {
  await page.getByRole('link', { name: 'Rules' }).click();
  await page.getByRole('heading', { name: 'Rules', exact: true }).waitFor();
}

test('without a rule the page says what rules are', async () => {
  await openRules();
  await page.getByText(/No rules yet/).waitFor();
  await shot(page, 'rules-empty');
  await checkAccessibility(page, 'no rules');
});

test('a rule is made; what is wrong with it is said', async () => {
  await page.getByRole('button', { name: 'Add rule' }).click();
  await form().getByLabel('Name', { exact: true }).fill(NAME);
  await form().getByRole('radio', { name: /Images arrive/ }).check();
  await form().getByRole('button', { name: 'Save' }).click();
  await form().getByText('Enter the AE title of at least one sender.').waitFor();
  await form().getByLabel('Senders').fill('CT1');
  await form().getByLabel('Quiet time in seconds').fill('2');
  await form().getByRole('combobox', { name: 'Destination' }).selectOption({ label: 'Demo archive 2' });
  await form().getByLabel('Modalities').fill('CT');
  await form().getByRole('button', { name: 'Add condition' }).click();
  const condition = form().getByRole('group', { name: 'Condition 1' });
  await condition.getByRole('combobox', { name: 'Attribute' }).fill('SeriesDescriptio');
  await condition.getByRole('textbox', { name: 'Value' }).fill('lung*');
  await form().getByRole('button', { name: 'Save' }).click();
  await form().getByRole('alert').filter({ hasText: 'SeriesDescriptio' }).waitFor();
  // The refusal is the browser's own line.
  assert.ok(errors.every((line) => line.includes('400')), errors.join('\n'));
  errors.length = 0;
  await condition.getByRole('combobox', { name: 'Attribute' }).fill('SeriesDescription');
  await form().getByRole('button', { name: 'Try it' }).click();
  await form().locator('..').getByText(/Nothing has arrived lately/).waitFor();
  await shot(page, 'rule-form');
  await checkAccessibility(page, 'rule form');
  await form().getByRole('button', { name: 'Save' }).click();
  await form().waitFor({ state: 'detached' });
  await card(NAME).getByText('It has not fired yet.').waitFor();
});

test('images that arrive become a job that tells its cause and succeeds', async () => {
  const stranger = await send('CT9', 'DEMO-0001', 'CT Thorax with contrast');
  assert.notEqual(stranger.status, 0, 'a sender that no rule names was let in');
  const sent = await send('CT1', 'DEMO-0001', 'CT Thorax with contrast');
  assert.equal(sent.status, 0, sent.stderr);
  await card(NAME).getByRole('link', { name: 'Show job' }).waitFor({ timeout: 60_000 });
  await card(NAME).getByRole('button', { name: 'History' }).click();
  await card(NAME).getByRole('region', { name: 'What the rule has done' }).getByRole('row').nth(1).waitFor();
  await shot(page, 'rules');
  await checkAccessibility(page, 'rules');
  await card(NAME).getByRole('link', { name: 'Show job' }).first().click();
  await page.getByText(/Started by the rule/).filter({ hasText: NAME }).waitFor();
  await page.getByText('All transfers succeeded.').waitFor({ timeout: 60_000 });
  // The other series of the study do not match.
  await page.getByText(/40 of 40 images/).first().waitFor();
  await shot(page, 'job-of-a-rule');
  await checkAccessibility(page, 'job of a rule');
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('row').filter({ hasText: 'Demo archive 2' }).getByText('Rule', { exact: true }).waitFor();
  await shot(page, 'jobs-of-a-rule');
  await checkAccessibility(page, 'jobs of a rule');
});

test('what has arrived is pseudonymised and nothing else', async () => {
  const ids = values(join(adit.data, 'demo', 'archive2'), 'PatientID');
  assert.equal(ids.length, 40);
  assert.equal(new Set(ids).size, 1);
  assert.ok(!ids[0].includes('DEMO'), ids[0]);
});

test('a rule is tried on what has arrived, and a search on what a server holds', async () => {
  await openRules();
  await card(NAME).getByRole('button', { name: 'Edit' }).click();
  await form().getByRole('button', { name: 'Try it' }).click();
  const row = page.getByRole('region', { name: 'Studies that match' }).getByRole('row').nth(1);
  await row.filter({ hasText: '1 of 4' }).filter({ hasText: 'yes' }).waitFor();
  await shot(page, 'rule-tried');
  await checkAccessibility(page, 'rule tried');
  await form().getByRole('radio', { name: /At set times/ }).check();
  await row.waitFor({ state: 'detached' });
  await form().getByRole('combobox', { name: 'Server' }).selectOption({ label: 'Demo archive 1' });
  await form().getByRole('combobox', { name: 'Study date' }).selectOption({ label: 'Other' });
  await form().getByLabel('From, days before').fill('3650');
  await form().getByLabel('Until, days before').fill('0');
  await form().getByLabel('Modality', { exact: true }).fill('CT');
  await form().getByRole('button', { name: 'Remove' }).click();
  await form().getByRole('button', { name: 'Try it' }).click();
  await row.filter({ hasText: 'CT' }).waitFor({ timeout: 30_000 });
  await shot(page, 'rule-schedule-tried');
  await checkAccessibility(page, 'schedule tried');
  await form().getByRole('button', { name: 'Close' }).click();
});

test('a rule that is switched off takes nothing', async () => {
  const before = (await json('/api/jobs?all=true')).jobs.length;
  const toggle = card(NAME).getByRole('switch', { name: `Rule ${NAME}` });
  await toggle.click();
  await card(NAME).getByText('Off', { exact: true }).waitFor();
  // The switch stays as the server has it.
  await page.reload();
  await card(NAME).getByText('Off', { exact: true }).waitFor();
  const sent = await send('CT1', 'DEMO-0004', 'CT Abdomen');
  assert.notEqual(sent.status, 0, 'a switched-off rule took images');
  await new Promise((done) => setTimeout(done, 4000));
  assert.equal((await json('/api/jobs?all=true')).jobs.length, before);
});

test('rules are readable in the dark and on a telephone', async () => {
  await page.emulateMedia({ colorScheme: 'dark' });
  // The colours change slowly.
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)));
  await shot(page, 'rules-dark');
  await checkAccessibility(page, 'rules, dark');
  await page.setViewportSize({ width: 360, height: 740 });
  await card(NAME).getByRole('button', { name: 'History' }).click();
  await card(NAME).getByRole('region', { name: 'What the rule has done' }).waitFor();
  await shot(page, 'rules-narrow');
  await checkWidth('rules');
  await card(NAME).getByRole('button', { name: 'Edit' }).click();
  await form().waitFor();
  await shot(page, 'rule-form-narrow');
  await checkAccessibility(page, 'rule form, narrow');
  await checkWidth('rule form');
  await form().getByRole('button', { name: 'Close' }).click();
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1366, height: 768 });
});

test('a bucket is a place like a server and a folder', async () => {
  await page.getByRole('link', { name: 'Servers' }).click();
  await page.getByRole('button', { name: 'Add S3 bucket' }).click();
  const bucket = page.locator('form');
  await bucket.getByLabel('Name', { exact: true }).fill('Partner');
  await bucket.getByLabel('Bucket', { exact: true }).fill('partner-images');
  await bucket.getByLabel('Prefix').fill('incoming');
  await bucket.getByLabel('Region').fill('eu-central-1');
  await shot(page, 'bucket-form');
  await checkAccessibility(page, 'bucket form');
  await bucket.getByRole('button', { name: 'Save' }).click();
  await card('Partner').getByText('s3://partner-images/incoming/').waitFor();
  await openRules();
  await page.getByRole('button', { name: 'Add rule' }).click();
  await form().getByRole('radio', { name: /Files appear/ }).check();
  await form().getByRole('combobox', { name: 'Watched folder or bucket' }).selectOption({ label: 'Partner' });
  await form().getByRole('button', { name: 'Close' }).click();
});

test('a rule is deleted after a question', async () => {
  await card(NAME).getByRole('button', { name: 'Delete' }).click();
  await card(NAME).getByRole('button', { name: 'Yes, delete' }).click();
  await card(NAME).waitFor({ state: 'detached' });
  await page.getByText(/No rules yet/).waitFor();
  // Its job still tells where it comes from.
  assert.equal((await json('/api/jobs?all=true')).jobs[0].cause.rule_name, NAME);
  assert.deepEqual(errors, []);
});

test('a user without rights sees no rules and is refused', async () => {
  addUser(adit, 'reader');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await logIn(page, { ...adit, user: 'reader' });
  await page.getByRole('link', { name: 'Servers' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Rules' }).count(), 0);
  await page.goto(`${adit.url}/rules`);
  await page.getByText('Only administrators see the rules.').waitFor();
  const { csrf_token: token } = await json('/api/session');
  const headers = { 'x-adit-csrf': token };
  assert.equal((await page.request.get(`${adit.url}/api/rules`)).status(), 403);
  assert.equal((await page.request.get(`${adit.url}/api/rules/01ARZ3NDEKTSV4RRFFQ69G5FAV/firings`)).status(), 403);
  assert.equal((await page.request.delete(`${adit.url}/api/rules/01ARZ3NDEKTSV4RRFFQ69G5FAV`, { headers })).status(), 403);
  const rule = { name: 'Mine', trigger: { kind: 'inbox', calling_ae_titles: ['CT1'] }, destination: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  for (const path of ['/api/rules', '/api/rules/dry-run']) {
    const answer = await page.request.post(adit.url + path, { headers, data: rule });
    assert.equal(answer.status(), 403, path);
  }
  await shot(page, 'rules-refused');
});
