// Journeys of accounts, by role and label: somebody registers and transfers, a second factor, a token and curl. Letters are read from the
// folder that `--mail-transport file:` fills.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAccessibility, logIn, openPage, shot, startAdit, startBrowser } from './support.mjs';

const PASSWORD = 'correct horse battery';
let adit, browser, staff, errors, viewer, stranger;

/** A web site of somebody else, on an address of its own. */
async function startSite() {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<title>Viewer</title>'));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

before(async () => {
  [viewer, stranger] = [await startSite(), await startSite()];
  adit = await startAdit({ mails: true, options: ['--viewer-origins', viewer.url] });
  browser = await startBrowser();
  ({ page: staff, errors } = await openPage(browser));
  await logIn(staff, adit);
  errors.length = 0;
});

after(async () => {
  await browser?.close();
  await adit?.stop();
  for (const site of [viewer, stranger]) site?.server.close();
});

/** The text of the newest letter to an address whose subject fits. */
async function letter(to, subject) {
  for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((done) => setTimeout(done, 100))) {
    const mails = (existsSync(adit.mails) ? readdirSync(adit.mails) : []).filter((name) => name.endsWith('.eml')).sort().reverse();
    // Quoted-printable: soft line ends go, the equals signs of links stay.
    const texts = mails.map((name) => readFileSync(join(adit.mails, name), 'utf8').replace(/=\r?\n/g, '').replace(/=3D/g, '='));
    const found = texts.find((text) => text.includes(to) && subject.test(text));
    if (found) return found;
  }
  throw new Error(`no letter to ${to}`);
}

/** The secret of a letter's link, on the address at which ADIT runs here. */
const linkOf = (text) => `${adit.url}/link#${/\/link#([0-9a-f]+)/.exec(text)[1]}`;

/** The code that an authenticator app shows (RFC 6238), for a step of 30 s from now. */
function code(secret, steps = 0) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  return String((hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const card = (name) => staff.getByRole('listitem').filter({ has: staff.getByRole('heading', { name, exact: true }) });

async function people(tab) {
  await staff.getByRole('link', { name: 'People' }).click();
  await staff.getByRole('tab', { name: tab, exact: true }).click();
}

test('an administrator opens registration', async () => {
  await people('Settings');
  const form = staff.getByRole('form', { name: 'Registration' });
  await form.getByLabel('People may register by themselves').check();
  await form.getByLabel('An administrator has to approve each account').check();
  await form.getByLabel('Allowed mail domains').fill('hospital.org');
  await shot(staff, 'people-settings');
  await checkAccessibility(staff, 'people, settings');
  await form.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('Saved.').waitFor();
});

test('somebody registers, confirms, is approved, logs in and transfers', async () => {
  const { page, errors } = await openPage(browser);
  await page.goto(adit.url);
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByLabel('User name').fill('ada');
  await page.getByLabel('E-mail address').fill('ada@elsewhere.org');
  await page.getByLabel('First name').fill('Ada');
  await page.getByLabel('Last name').fill('Lovelace');
  await page.getByLabel('Department').fill('Neuroradiology');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText(/must be at hospital.org/).waitFor();
  await shot(page, 'register');
  await checkAccessibility(page, 'registration');
  await page.getByLabel('E-mail address').fill('ada@hospital.org');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByRole('heading', { name: 'Look into your mailbox' }).waitFor();
  await shot(page, 'registered');

  await page.goto(linkOf(await letter('ada@hospital.org', /Confirm your registration/)));
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await shot(page, 'confirm');
  await checkAccessibility(page, 'confirmation');
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByText(/An administrator has to approve/).waitFor();

  await staff.goto(adit.url);
  await staff.getByRole('link', { name: 'People' }).click();
  await card('ada').getByText('Waits for approval').waitFor();
  await shot(staff, 'people-waiting');
  await checkAccessibility(staff, 'people who wait');
  await card('ada').getByRole('button', { name: 'Approve' }).click();
  await card('ada').getByRole('button', { name: 'Yes, approve' }).click();
  await staff.getByText(/Approved/).waitFor();
  await letter('ada@hospital.org', /Your ADIT account is ready/);
  await people('Active');
  await card('ada').getByRole('button', { name: 'Groups and tokens' }).click();
  await card('ada').getByRole('combobox', { name: 'Another group' }).selectOption({ label: 'Administrators' });
  await card('ada').getByRole('button', { name: 'Add to group' }).click();
  await card('ada').getByRole('button', { name: 'Remove from group' }).waitFor();
  await staff.getByRole('button', { name: 'Close message' }).first().click();
  await shot(staff, 'people');
  await checkAccessibility(staff, 'people');

  await page.getByRole('link', { name: 'To the log-in' }).click();
  await logIn(page, { url: adit.url, user: 'ada@hospital.org', password: PASSWORD });
  await page.getByLabel('Patient ID').fill('DEMO-0002');
  await page.getByRole('checkbox', { name: 'Demo archive 1', exact: true }).check();
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText(/found$/).waitFor();
  await page.getByRole('checkbox', { name: /^Choose/ }).first().check();
  const form = page.getByRole('form', { name: 'Transfer' });
  await form.getByRole('combobox', { name: 'Destination' }).selectOption({ label: 'Demo archive 2' });
  await form.getByLabel('Pseudonym', { exact: true }).fill('ADA-1');
  await form.getByText('More options').click();
  await form.getByLabel('Mail when finished').check();
  await form.getByRole('button', { name: 'Start transfer' }).click();
  await page.getByText('All transfers succeeded.').waitFor({ timeout: 60_000 });
  await letter('ada@hospital.org', /Hello Ada Lovelace/);
  assert.deepEqual(errors.filter((line) => !/40[01]/.test(line)), []);

  // What was chosen is there again after the next log-in, in another browser too.
  const other = (await openPage(browser)).page;
  await logIn(other, { url: adit.url, user: 'ada', password: PASSWORD });
  assert.ok(await other.getByRole('checkbox', { name: 'Demo archive 1', exact: true }).isChecked());
  await other.context().close();
  await page.context().close();
});

test('a forgotten password is replaced by a letter', async () => {
  const { page } = await openPage(browser);
  await page.goto(adit.url);
  await page.getByRole('button', { name: 'Forgotten your password?' }).click();
  await page.getByLabel('E-mail address').fill('ada@hospital.org');
  await shot(page, 'forgotten');
  await checkAccessibility(page, 'forgotten password');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByRole('heading', { name: 'Look into your mailbox' }).waitFor();
  const link = linkOf(await letter('ada@hospital.org', /Choose a new password for ADIT/));
  await page.goto(link);
  for (const field of ['Password', 'Password again']) await page.getByLabel(field, { exact: true }).fill(`${PASSWORD} 2`);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByRole('heading', { name: 'Password changed' }).waitFor();
  await page.goto('about:blank');
  await page.goto(link);
  await page.getByRole('heading', { name: 'This link was used already' }).waitFor();
  await page.context().close();
});

test('a second factor is set up and asked for', async () => {
  const { page } = await openPage(browser);
  const ada = { url: adit.url, user: 'ada', password: `${PASSWORD} 2` };
  await logIn(page, ada);
  await page.getByRole('link', { name: 'ada' }).click();
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await page.getByText('The picture cannot be scanned').click();
  const secret = await page.getByLabel('Enter this key in the app').inputValue();
  await shot(page, 'second-factor');
  await checkAccessibility(page, 'second factor');
  const first = code(secret);
  await page.getByLabel('Code', { exact: true }).fill(first);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Keep these recovery codes').waitFor();
  const recovery = (await page.getByLabel('All of them').inputValue()).split(' ');
  assert.equal(recovery.length, 10);
  await shot(page, 'recovery-codes');
  await checkAccessibility(page, 'recovery codes');
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText(/You have 10 recovery codes left/).waitFor();

  for (const [given, lets] of [['000000', false], [code(secret, 1), true], [recovery[0], true]]) {
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByLabel('User name').fill(ada.user);
    await page.getByLabel('Password').fill(ada.password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByLabel('Code', { exact: true }).fill(given);
    await page.getByRole('button', { name: 'Log in' }).click();
    if (lets) {
      await page.getByRole('link', { name: 'Jobs' }).waitFor();
      continue;
    }
    await page.getByText(/The code is wrong/).waitFor();
    await shot(page, 'log-in-code');
    await checkAccessibility(page, 'second step');
    // The code of the set-up is used up.
    await page.getByLabel('Code', { exact: true }).fill(first);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText(/used before/).waitFor();
    await page.getByLabel('Code', { exact: true }).fill(recovery[1]);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'Jobs' }).waitFor();
  }
  await page.context().close();
});

test('a token is created, used by curl and revoked', async () => {
  await staff.getByRole('link', { name: adit.user, exact: true }).click();
  await staff.getByRole('button', { name: 'Create token' }).click();
  const form = staff.getByRole('form', { name: 'New token' });
  await form.getByLabel('What it is for').fill('nightly script');
  await form.getByRole('combobox', { name: 'Ends' }).selectOption({ label: 'In 30 days' });
  await shot(staff, 'token-form');
  await checkAccessibility(staff, 'token form');
  await form.getByRole('button', { name: 'Create', exact: true }).click();
  const token = await staff.getByLabel('Token', { exact: true }).inputValue();
  assert.match(token, /^[0-9a-f]{40}$/);
  await shot(staff, 'token-made');
  await checkAccessibility(staff, 'token');
  const curl = () => execFileSync('curl', ['--silent', '--write-out', '\n%{http_code}', '--header', `Authorization: Token ${token}`, `${adit.url}/api/nodes`], { encoding: 'utf8' });
  assert.match(curl(), /Demo archive 1[^]*\n200$/);
  // A viewer on another web address, which the server was told of, finds studies with it; any other site does not.
  for (const [site, expected] of [[viewer, 1], [stranger, 'refused']]) {
    const { page } = await openPage(browser);
    await page.goto(site.url);
    const found = await page.evaluate(async ([address, token]) => {
      const read = (more) => fetch(`${address}/dicomweb/DEMO1/studies?limit=1`, { headers: { accept: 'application/dicom+json', ...more } });
      try {
        return (await (await read({ authorization: `Bearer ${token}` })).json()).length;
      } catch {
        return 'refused';
      }
    }, [adit.url, token]);
    assert.equal(found, expected);
    await page.context().close();
  }
  await staff.reload();
  await staff.getByText('nightly script').waitFor();
  assert.equal(await staff.getByText(token).count(), 0);
  await shot(staff, 'account');
  await checkAccessibility(staff, 'account');
  await staff.getByRole('button', { name: 'Revoke' }).click();
  await staff.getByRole('button', { name: 'Yes, revoke' }).click();
  await staff.getByText('You have no tokens.').waitFor();
  assert.match(curl(), /\n401$/);
  assert.deepEqual(errors.filter((line) => !/40[01]/.test(line)), []);
});

test('a deactivated person is out at once', async () => {
  const { page } = await openPage(browser);
  await people('Active');
  await staff.getByRole('button', { name: 'Invite a person' }).click();
  const form = staff.getByRole('form', { name: 'Invitation' });
  await form.getByLabel('User name').fill('bob');
  await form.getByLabel('E-mail address').fill('bob@hospital.org');
  await shot(staff, 'invite');
  await checkAccessibility(staff, 'invitation');
  await form.getByRole('button', { name: 'Send invitation' }).click();
  await page.goto(linkOf(await letter('bob@hospital.org', /Your invitation to ADIT/)));
  for (const field of ['Password', 'Password again']) await page.getByLabel(field, { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByRole('heading', { name: 'Your account is ready' }).waitFor();
  await logIn(page, { url: adit.url, user: 'bob', password: PASSWORD });
  await people('Active');
  await staff.getByRole('searchbox', { name: 'Search people' }).fill('bo');
  await staff.getByRole('button', { name: 'Search', exact: true }).click();
  await card('ada').waitFor({ state: 'detached' });
  await card('bob').getByRole('button', { name: 'Deactivate' }).click();
  await card('bob').getByRole('button', { name: 'Yes, deactivate' }).click();
  await card('bob').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await page.context().close();
});

test('every page of an administrator is accessible, in the dark and on a phone too', async () => {
  const paths = ['/', '/jobs', '/projects', '/rules', '/people', '/servers', '/account'];
  for (const [name, options] of [['dark', { colorScheme: 'dark' }], ['phone', { viewport: { width: 390, height: 844 } }]]) {
    const { page } = await openPage(browser, options);
    await logIn(page, adit);
    for (const path of paths) {
      await page.goto(`${adit.url}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      await shot(page, `${name}-${path.slice(1) || 'transfer'}`);
      await checkAccessibility(page, `${path} (${name})`);
    }
    await page.context().close();
  }
});
