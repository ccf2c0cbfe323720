// Journeys of a user, by role and label. A console error fails a journey; so does what axe finds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAccessibility, logIn, openPage, shot, startAdit, startBrowser } from './support.mjs';

let adit, browser, page, errors;

before(async () => {
  adit = await startAdit();
  browser = await startBrowser();
  ({ page, errors } = await openPage(browser));
});

after(async () => {
  await browser?.close();
  await adit?.stop();
});

/** Any DICOM file below a folder. */
function someFile(folder) {
  const name = readdirSync(folder, { recursive: true }).sort().find((path) => path.endsWith('.dcm'));
  return join(folder, name);
}

async function search(patientId, source = 'Demo archive 1') {
  await page.getByRole('link', { name: 'Transfer' }).click();
  for (const box of await page.getByRole('group', { name: 'Search in' }).getByRole('checkbox').all()) await box.uncheck();
  await page.getByRole('checkbox', { name: source, exact: true }).check();
  await page.getByLabel('Patient ID').fill(patientId);
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText(/found$/).waitFor();
}

/** `null`: the images stay as they are; empty: each patient gets a code. */
async function start(destination, pseudonym) {
  const form = page.getByRole('form', { name: 'Transfer' });
  await form.getByRole('combobox', { name: 'Destination' }).selectOption({ label: destination });
  if (pseudonym === null) await form.getByRole('radio', { name: 'Leave the images as they are' }).check();
  else {
    await form.getByRole('radio', { name: 'Pseudonymise' }).check();
    await form.getByLabel('Pseudonym', { exact: true }).fill(pseudonym);
  }
  await shot(page, `chosen-${pseudonym || 'plain'}`, false);
  await form.getByRole('button', { name: 'Start transfer' }).click();
  await page.getByRole('heading', { name: 'Transfer', exact: true }).waitFor();
}

test('a wrong password is refused in words, the right one lets in', async () => {
  await page.goto(adit.url);
  await page.getByLabel('User name').fill(adit.user);
  await page.getByLabel('Password').fill('wrong password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('The user name or the password is wrong.').waitFor();
  await shot(page, 'log-in');
  await checkAccessibility(page, 'log in');
  // The two refusals (no session yet, wrong password) are the browser's own lines.
  assert.ok(errors.every((line) => line.includes('401')), errors.join('\n'));
  errors.length = 0;
  await logIn(page, adit);
  await shot(page, 'transfer-empty');
  await checkAccessibility(page, 'transfer');
});

test('a server is added, tested, disabled and deleted', async () => {
  await page.getByRole('link', { name: 'Servers' }).click();
  await page.getByRole('button', { name: 'Add server' }).click();
  const form = page.locator('form');
  await form.getByLabel('Name', { exact: true }).fill('Nobody');
  await form.getByLabel('AE title', { exact: true }).fill('NOBODY');
  await form.getByLabel('Host', { exact: true }).fill('127.0.0.1');
  const free = await new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
  await form.getByLabel('Port', { exact: true }).fill(String(free));
  for (const group of ['Encryption (TLS)', 'Limits and timeouts', 'DICOMweb']) await form.getByText(group, { exact: true }).click();
  await shot(page, 'server-form');
  await checkAccessibility(page, 'server form');
  await form.getByRole('button', { name: 'Save' }).click();
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Nobody' }) });
  await card.getByRole('button', { name: 'Test connection' }).click();
  await card.getByText(/Nothing answers at 127.0.0.1/).waitFor();
  const demo = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Demo archive 1' }) });
  await demo.getByRole('button', { name: 'Test connection' }).click();
  await demo.getByText(/The server answers/).waitFor();
  await shot(page, 'servers');
  await checkAccessibility(page, 'servers');
  await card.getByRole('button', { name: 'Disable' }).click();
  await card.getByText('Disabled').waitFor();
  await card.getByRole('button', { name: 'Delete' }).click();
  await card.getByRole('button', { name: 'Yes, delete' }).click();
  await card.waitFor({ state: 'detached' });
});

test('a study is searched, pseudonymised, transferred and watched to its end', async () => {
  await search('DEMO-0001');
  await page.getByRole('checkbox', { name: /Choose CT Thorax/ }).check();
  await page.getByRole('row', { name: /CT Thorax/ }).getByRole('button', { name: 'Series' }).click();
  await page.getByText('Dose report').waitFor();
  await start('Demo archive 2', 'P-001');
  await page.getByText('All transfers succeeded.').waitFor({ timeout: 30_000 });
  await page.getByText(/62 of 62 images/).first().waitFor();
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('heading', { name: 'Log' }).waitFor();
  await page.getByRole('region', { name: 'De-identification', exact: true }).waitFor();
  await shot(page, 'job-finished');
  await checkAccessibility(page, 'job');
});

test('what has arrived carries the pseudonym only', async () => {
  await search('P-001', 'Demo archive 2');
  await page.getByText('1 study found').waitFor();
  await page.getByRole('cell', { name: 'P-001' }).first().waitFor();
  await search('DEMO-0001', 'Demo archive 2');
  await page.getByText('0 studies found').waitFor();
});

test('a study is saved on this computer under a pseudonym, as a whole file', async () => {
  await search('DEMO-0002');
  await page.getByRole('checkbox', { name: /Choose/ }).first().check();
  const form = page.getByRole('form', { name: 'Transfer' });
  await form.getByRole('radio', { name: 'Pseudonymise' }).check();
  await form.getByLabel('Pseudonym', { exact: true }).fill('P-002');
  const [download] = await Promise.all([page.waitForEvent('download'), form.getByRole('button', { name: 'Download' }).click()]);
  assert.equal(download.suggestedFilename(), 'study_download.zip');
  const file = await download.path();
  await form.getByText(/images? fetched/).waitFor();
  await shot(page, 'download', false);
  await checkAccessibility(page, 'download');
  const listed = execFileSync('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print("\\n".join(z.namelist()))', file], { encoding: 'utf8' });
  const names = listed.trim().split('\n');
  assert.ok(names.length > 1 && names.every((name) => name.startsWith('study_download/P-002/') && name.endsWith('.dcm')), listed);
  await form.getByRole('button', { name: 'Clear' }).click();
});

test('a project with a bad rule is refused at its field, then mended, used and reported', async () => {
  await page.getByRole('link', { name: 'Projects' }).click();
  await page.getByRole('button', { name: 'Add project' }).click();
  const form = page.getByRole('form', { name: 'Project' });
  await form.getByLabel('Name', { exact: true }).fill('Liver study');
  await form.getByLabel('Description', { exact: true }).fill('Volumetry of the liver, ethics vote 12/2024');
  await form.getByRole('combobox', { name: 'Profile' }).selectOption({ label: 'Research' });
  await form.getByLabel('Rules', { exact: true }).fill('replace StudyDescription = Liver study\nkeep StationNam');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText(/Line 2: 'StationNam' is no keyword/).waitFor();
  // The refusal is the browser's own line.
  assert.ok(errors.every((line) => /40[01]/.test(line)), errors.join('\n'));
  errors.length = 0;
  await shot(page, 'project-bad-rule');
  await checkAccessibility(page, 'project form');
  await form.getByLabel('Rules', { exact: true }).fill('replace StudyDescription = Liver study\nkeep StationName');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  await page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Liver study' }) }).waitFor();

  await page.getByLabel('DICOM file').setInputFiles(someFile(join(adit.data, 'demo', 'archive1')));
  const preview = page.getByRole('form', { name: 'Preview' });
  await preview.getByRole('combobox', { name: 'Project' }).selectOption({ label: 'Liver study' });
  await preview.getByLabel(/Go on although/).check();
  await preview.getByRole('button', { name: 'Show changes' }).click();
  await page.getByRole('region', { name: 'Changes' }).getByText('PatientName').first().waitFor();
  await shot(page, 'projects');
  await checkAccessibility(page, 'projects');

  await search('DEMO-0001');
  await page.getByRole('checkbox', { name: /Choose CT Thorax/ }).check();
  await page.getByRole('form', { name: 'Transfer' }).getByRole('combobox', { name: 'Project' }).selectOption({ label: 'Liver study' });
  await page.getByText('Volumetry of the liver').waitFor();
  await checkAccessibility(page, 'transfer with a project');
  await start('Demo archive 2', '');
  await page.getByText('All transfers succeeded.').waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Details' }).click();
  const report = page.getByRole('region', { name: 'De-identification', exact: true });
  await report.getByRole('row', { name: /StudyDescription.*project rule/ }).waitFor();
  await report.getByText(/none was found/).waitFor();
  await shot(page, 'report');
  await checkAccessibility(page, 'report');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'De-identification report' }).click()]);
  const saved = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.match(download.suggestedFilename(), /^de-identification-.*\.json$/);
  assert.equal(saved.project, 'Liver study');
  assert.equal(saved.tasks[0].images, 62);
  assert.ok(!JSON.stringify(saved).includes('DEMO-0001'));
});

test('a single series goes into a folder', async () => {
  await search('DEMO-0002');
  await page.getByRole('button', { name: 'Series' }).first().click();
  await page.getByRole('checkbox', { name: /Choose series 1/ }).check();
  await start('Demo folder', null);
  await page.getByText(/24 of 24 images/).first().waitFor({ timeout: 30_000 });
});

test('a series becomes NIfTI files in a folder', async () => {
  await search('DEMO-0002');
  await page.getByRole('button', { name: 'Series' }).first().click();
  await page.getByRole('checkbox', { name: /Choose series 1/ }).check();
  const form = page.getByRole('form', { name: 'Transfer' });
  await form.getByRole('combobox', { name: 'Destination' }).selectOption({ label: 'Demo archive 2' });
  await form.getByText('More options').click();
  await form.getByLabel('Trial ID').waitFor();
  assert.equal(await form.getByLabel('Convert to NIfTI').count(), 0, 'a server takes DICOM only');
  await form.getByRole('combobox', { name: 'Destination' }).selectOption({ label: 'Demo folder' });
  await form.getByLabel('Convert to NIfTI').check();
  await shot(page, 'nifti-option', false);
  await checkAccessibility(page, 'option of NIfTI');
  await start('Demo folder', 'P-NIFTI');
  await page.getByText(/transfers? succeeded/).waitFor({ timeout: 30_000 });
  await shot(page, 'nifti-job');
  await checkAccessibility(page, 'job with NIfTI');
  const files = readdirSync(join(adit.data, 'demo', 'folder'), { recursive: true }).filter((path) => path.includes('P-NIFTI') && /\.\w+$/.test(path));
  assert.deepEqual(files.map((path) => /\.(nii\.gz|json)$/.exec(path)?.[1]).sort(), ['json', 'nii.gz'], files.join('\n'));
  assert.ok(!readFileSync(join(adit.data, 'demo', 'folder', files.find((path) => path.endsWith('.json'))), 'utf8').includes('DEMO-0002'));
});

test('a job is canceled, resumed, restarted and deleted in place', async () => {
  // The source may send one image per second: there is time to cancel.
  await page.getByRole('link', { name: 'Servers' }).click();
  const demo = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Demo archive 1' }) });
  const pace = async (perSecond) => {
    await demo.getByRole('button', { name: 'Edit' }).click();
    await page.getByText('Limits and timeouts').click();
    await page.getByLabel('Images per second').fill(String(perSecond));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  };
  await pace(2);
  await search('DEMO-0004');
  await page.getByRole('checkbox', { name: /Choose CT Abdomen/ }).check();
  await start('Demo archive 2', 'P-004');
  await page.getByText(/[1-9]\d* of 90 images/).first().waitFor({ timeout: 20_000 });
  await shot(page, 'job-running');
  await page.getByLabel('Urgent').check();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Yes, cancel' }).click();
  await page.getByText('The job was canceled.').waitFor({ timeout: 20_000 });
  await shot(page, 'job-canceled');
  const job = page.url();
  await page.getByRole('link', { name: 'Servers' }).click();
  await pace(30);
  await page.goto(job);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Yes, resume' }).click();
  await page.getByText('All transfers succeeded.').waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Restart' }).click();
  await page.getByRole('button', { name: 'Yes, restart' }).click();
  await page.getByText('Running', { exact: true }).first().waitFor();
  await page.getByText('All transfers succeeded.').waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Yes, delete' }).click();
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  await page.getByRole('link', { name: 'Servers' }).click();
  await pace(0);
});

test('a failed job says why and can be retried', async () => {
  // A folder that cannot be written: a file stands in its way.
  await page.getByRole('link', { name: 'Servers' }).click();
  await page.getByRole('button', { name: 'Add server' }).click();
  const form = page.locator('form');
  await form.getByLabel('Name', { exact: true }).fill('Gone');
  await form.getByLabel('AE title', { exact: true }).fill('GONE');
  await form.getByLabel('Host', { exact: true }).fill('127.0.0.1');
  await form.getByLabel('Port', { exact: true }).fill('9');
  await form.getByLabel('May receive images (C-STORE)').check();
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  await search('DEMO-0003');
  await page.getByRole('checkbox', { name: /Choose US Abdomen/ }).check();
  await start('Gone', 'P-003');
  await page.getByText(/no connection/).first().waitFor({ timeout: 30_000 });
  await shot(page, 'job-waits');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  // Who takes their time over the question still finds it: the page lives on beneath it.
  await page.waitForTimeout(4_000);
  await page.getByRole('button', { name: 'Yes, cancel' }).click();
  await page.getByText('The job was canceled.').waitFor();
});

test('the list of jobs and the account page are readable, in light and dark', async () => {
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('table').waitFor();
  await shot(page, 'jobs');
  await checkAccessibility(page, 'jobs');
  await page.getByRole('link', { name: adit.user, exact: true }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await shot(page, 'account-dark');
  await checkAccessibility(page, 'account, dark');
  await search('DEMO-0005');
  await page.getByRole('checkbox', { name: /Choose/ }).first().check();
  await shot(page, 'transfer-dark', false);
  await checkAccessibility(page, 'transfer, dark');
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('table').waitFor();
  await shot(page, 'jobs-dark');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
});

test('no journey left an error in the console', () => {
  assert.deepEqual(errors.filter((line) => !line.includes('401')), []);
});
