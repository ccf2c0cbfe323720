// Administration: rights that count at once, approval, settings, the audit trail. A console error fails a journey; so does what axe finds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addUser, checkAccessibility, logIn, openPage, shot, startAdit, startBrowser } from './support.mjs';

let adit, browser, admin, ada, grace;

before(async () => {
  adit = await startAdit();
  browser = await startBrowser();
  [admin, ada, grace] = await Promise.all([openPage(browser), openPage(browser), openPage(browser)]);
  await enter(admin, adit.user);
});

after(async () => {
  await browser?.close();
  await adit?.stop();
});

/** Logs in; before that the page has found out that nobody is, which is the browser's own line. */
async function enter(person, user) {
  await logIn(person.page, { ...adit, user });
  assert.ok(person.errors.every((line) => line.includes('401')), person.errors.join('\n'));
  person.errors.length = 0;
}

const card = (page, name) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });

/** Waits until a box that counts at once was taken by the server. */
async function tick(page, label, on = true) {
  const answered = page.waitForResponse((response) => response.request().method() === 'PUT' && response.url().includes('/api/groups/'));
  await page.getByRole('checkbox', { name: label, exact: true }).setChecked(on);
  assert.ok((await answered).ok(), `${label} was refused`);
}

async function openGroup(page, name) {
  await page.getByRole('link', { name: 'Administration', exact: true }).click();
  await page.getByRole('link', { name: 'Groups and rights' }).click();
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await page.getByRole('checkbox', { name: 'Demo archive 1 as source' }).waitFor();
}

async function search(page, patientId) {
  await page.getByRole('link', { name: 'Transfer', exact: true }).click();
  await page.getByLabel('Patient ID').fill(patientId);
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText(/found$/).waitFor();
}

async function submit(page) {
  await search(page, 'DEMO-0001');
  await page.getByRole('checkbox', { name: /Choose CT Thorax/ }).check();
  const form = page.getByRole('form', { name: 'Transfer' });
  await form.getByRole('combobox', { name: 'Destination' }).selectOption({ label: 'Demo archive 2' });
  await form.getByRole('button', { name: 'Start transfer' }).click();
  await page.getByRole('heading', { name: 'Transfer', exact: true }).waitFor();
}

test('an administrator makes a group; what its members see is what was granted', async () => {
  const { page } = admin;
  await page.getByRole('link', { name: 'Administration', exact: true }).click();
  await page.getByRole('heading', { name: 'Queues' }).waitFor();
  await checkAccessibility(page, 'overview');
  await page.getByRole('link', { name: 'Groups and rights' }).click();
  await page.getByLabel('Name of the group').fill('Liver study');
  await page.getByRole('button', { name: 'Add group' }).click();
  await page.getByRole('heading', { name: 'Liver study', level: 1 }).waitFor();
  for (const name of ['ada', 'grace']) {
    addUser(adit, name);
    await page.getByLabel('User name').fill(name);
    await page.getByRole('button', { name: 'Add member' }).click();
    await page.getByRole('button', { name: `Remove ${name}` }).waitFor();
  }
  await tick(page, 'Demo archive 1 as source');
  await tick(page, 'Demo archive 2 as destination');
  await shot(page, 'admin-group');
  await checkAccessibility(page, 'a group');
  await page.getByRole('link', { name: 'Groups and rights' }).click();
  for (const right of ['Search', 'Transfer']) await tick(page, `${right} for Liver study`);
  await shot(page, 'admin-groups');
  await checkAccessibility(page, 'groups');

  await enter(ada, 'ada');
  await ada.page.getByText('Liver study').waitFor();
  await search(ada.page, 'DEMO-0001');
  await ada.page.getByRole('checkbox', { name: /Choose CT Thorax/ }).check();
  const form = ada.page.getByRole('form', { name: 'Transfer' });
  assert.equal(await form.getByRole('checkbox', { name: 'Urgent' }).count(), 0, 'without the right it is not offered');
  assert.equal(await form.getByRole('radio', { name: 'Leave the images as they are' }).count(), 0);
  for (const link of ['Administration', 'Audit', 'Rules']) assert.equal(await ada.page.getByRole('link', { name: link, exact: true }).count(), 0);
  await shot(ada.page, 'user-of-a-group');
  await ada.page.getByRole('link', { name: 'Servers' }).click();
  await card(ada.page, 'Demo archive 2').waitFor();
});

test('what is revoked is gone at once', async () => {
  await ada.page.getByRole('link', { name: 'Transfer', exact: true }).click();
  await ada.page.getByLabel('Patient ID').waitFor();
  await admin.page.getByRole('checkbox', { name: 'Search for Liver study' }).waitFor();
  await tick(admin.page, 'Search for Liver study', false);
  await ada.page.getByText('Your active group may not search.').waitFor({ timeout: 15_000 });
  await checkAccessibility(ada.page, 'without the right to search');
  await tick(admin.page, 'Search for Liver study');
  await openGroup(admin.page, 'Liver study');
  await tick(admin.page, 'Demo archive 1 as source', false);
  await ada.page.getByText(/can search no server yet/).waitFor({ timeout: 15_000 });
  await tick(admin.page, 'Demo archive 1 as source');
  await ada.page.getByLabel('Patient ID').waitFor({ timeout: 15_000 });
  await admin.page.getByRole('link', { name: 'Servers' }).click();
  const demo = card(admin.page, 'Demo archive 1');
  await demo.getByText('Groups that may use it').click();
  await demo.getByText('Liver study').waitFor();
  await demo.getByText(': source', { exact: false }).first().waitFor();
});

test('a job waits for approval, is rejected with a reason, and another one is approved', async () => {
  await openGroup(admin.page, 'Liver study');
  await admin.page.getByRole('checkbox', { name: 'Jobs wait until somebody approves them' }).check();
  await admin.page.getByRole('button', { name: 'Save' }).click();
  await admin.page.getByText('Saved. It counts from now on.').waitFor();
  await admin.page.getByRole('link', { name: 'Groups and rights' }).click();
  await tick(admin.page, 'Approve jobs for Liver study');

  await submit(ada.page);
  const approval = ada.page.getByRole('region', { name: 'Approval' });
  await approval.getByText(/^Waiting for approval/).waitFor();
  assert.equal(await approval.getByRole('button').count(), 0, 'nobody approves their own job');
  await shot(ada.page, 'job-waits');
  await checkAccessibility(ada.page, 'a job that waits');

  await enter(grace, 'grace');
  await grace.page.getByRole('link', { name: 'Jobs' }).click();
  const waiting = grace.page.getByRole('region', { name: 'Jobs that wait for your approval' });
  await waiting.getByText(/about \d+ images/).waitFor();
  await shot(grace.page, 'approval');
  await checkAccessibility(grace.page, 'jobs that wait for approval');
  await waiting.getByLabel(/^Reason/).fill('Wrong patient group');
  await waiting.getByRole('button', { name: 'Reject' }).click();
  await waiting.waitFor({ state: 'detached' });
  await approval.getByText(/^Rejected by grace.*Wrong patient group/).waitFor();

  await submit(ada.page);
  await waiting.getByRole('button', { name: 'Approve' }).click();
  await ada.page.getByText('All transfers succeeded.').waitFor({ timeout: 30_000 });
  await approval.getByText(/^Approved by grace/).waitFor();
});

test('the audit page finds a search and a refused access, and verifies', async () => {
  // More than one page of them.
  for (let times = 0; times < 40; times++) assert.equal(await ada.page.evaluate(async () => (await fetch('/api/groups')).status), 403);
  // The refusal is the browser's own line.
  assert.ok(ada.errors.every((line) => line.includes('403')), ada.errors.join('\n'));
  ada.errors.length = 0;
  const { page } = admin;
  await page.getByRole('link', { name: 'Audit' }).click();
  const events = page.getByRole('region', { name: 'Events' });
  const find = async (kind, person) => {
    await page.getByRole('combobox', { name: 'Kind' }).selectOption({ label: kind });
    await page.getByLabel('Done by (user name)').fill(person);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
  };
  await find('Search', 'ada');
  await events.getByText(/ada \(group Liver study\) searched.*server Demo archive 1, STUDY by PatientID/).first().waitFor();
  assert.equal(await events.getByText('DEMO-0001').count(), 0, 'what was searched for is not on record');
  await find('Access refused', 'ada');
  await events.getByText(/Only administrators may do this/).first().waitFor();
  await shot(page, 'audit-refused', false);
  await find('Images transferred', '');
  await events.getByText(/from Demo archive 1, to Demo archive 2/).first().waitFor();
  await events.getByText('Patient ID DEMO-0001').first().waitFor();
  await find('All', '');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText(/Everything holds/).waitFor();
  const usage = page.getByRole('table', { name: 'Usage by person' });
  await usage.getByRole('row', { name: /^ada .*62 images/ }).waitFor();
  await usage.scrollIntoViewIfNeeded();
  await shot(page, 'usage', false);
  await checkAccessibility(page, 'audit trail');
  await shot(page, 'audit', false);
  const rows = events.getByRole('row');
  const before = await rows.count();
  await page.getByRole('button', { name: 'More' }).click();
  await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length > count, before);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export as file' }).click()]);
  assert.equal(download.suggestedFilename(), 'audit-trail.ndjson');
});

test('who belongs to several groups chooses for which one they act', async () => {
  const { page } = admin;
  await page.getByRole('link', { name: 'Administration', exact: true }).click();
  await page.getByRole('link', { name: 'Groups and rights' }).click();
  await page.getByLabel('Name of the group').fill('Heart study');
  await page.getByRole('button', { name: 'Add group' }).click();
  await page.getByRole('heading', { name: 'Heart study', level: 1 }).waitFor();
  await page.getByLabel('User name').fill('ada');
  await page.getByRole('button', { name: 'Add member' }).click();
  await ada.page.getByRole('link', { name: 'Transfer', exact: true }).click();
  const choice = ada.page.getByRole('combobox', { name: 'Group that you act for' });
  await choice.waitFor({ timeout: 15_000 });
  await choice.selectOption({ label: 'Heart study' });
  await ada.page.getByText('Your active group may not search.').waitFor();
  await shot(ada.page, 'group-switch', false);
  await choice.selectOption({ label: 'Liver study' });
  await ada.page.getByLabel('Patient ID').waitFor();
});

test('announcement and suspension are shown to all, and what is suspended waits', async () => {
  const { page } = admin;
  await page.getByRole('link', { name: 'Administration', exact: true }).click();
  await page.getByRole('link', { name: 'Settings and mail' }).click();
  const form = page.getByRole('form', { name: 'Settings' });
  await form.getByLabel('Announcement').fill('**Sunday:** the archive gets new disks. [More](https://example.org/disks)');
  await form.getByLabel('Transfers are suspended').check();
  await form.getByLabel('Reason for the suspension').fill('The archive moves to new disks, until about noon.');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Transfers are suspended: new ones wait.').waitFor();
  await shot(page, 'admin-settings');
  await checkAccessibility(page, 'settings');
  await ada.page.getByText('The archive moves to new disks, until about noon.').waitFor({ timeout: 15_000 });
  await ada.page.getByRole('note', { name: 'Announcement' }).getByRole('link', { name: 'More' }).waitFor();
  await shot(ada.page, 'announcement', false);
  await form.getByLabel('Transfers are suspended').uncheck();
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Transfers are suspended: new ones wait.').waitFor({ state: 'detached' });
  await page.getByLabel('Subject').fill('New disks');
  await page.getByLabel('Text', { exact: true }).fill('On Sunday.');
  await page.getByRole('button', { name: 'Send mail' }).click();
  await page.getByRole('button', { name: 'Yes, send mail' }).click();
  await page.getByText(/mails are on the way/).waitFor();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('region', { name: 'Jobs of everybody' }).or(page.getByText('Jobs of everybody')).first().waitFor();
  await page.getByRole('link', { name: 'Success' }).waitFor();
  await shot(page, 'admin-overview');
  for (const { errors } of [admin, ada, grace]) assert.deepEqual(errors, []);
});
