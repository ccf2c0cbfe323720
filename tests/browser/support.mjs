// Starts ADIT with its demo archives and a browser; both end by the process that was started here.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const shots = join(here, 'screenshots');
mkdirSync(shots, { recursive: true });

/**
 * Starts `adit serve --demo` in a fresh data directory, or the cloud home when ADIT_CLOUD_HOME names its program; answers with its
 * address and first log-in. With `mails` letters become files in that folder; `options` go to `adit serve` as they are.
 */
export async function startAdit({ mails = false, options = [] } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'adit-browser-'));
  const cloud = process.env.ADIT_CLOUD_HOME;
  const program = cloud ?? process.env.ADIT_BINARY ?? join(root, 'target/debug/adit');
  const web = ['--listen', '127.0.0.1:0'];
  const mailbox = join(data, 'mails');
  if (mails) web.push('--mail-transport', `file:${mailbox}`);
  const child = cloud
    ? spawn(program, ['--dir', data, ...web])
    : spawn(program, ['serve', '--demo', '--data-dir', data, ...web, ...options, '--web-dir', join(root, 'dist')]);
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const until = Date.now() + (cloud ? 300_000 : 60_000);
  while (!output.includes('Demo: search')) {
    if (Date.now() > until || child.exitCode !== null) throw new Error(`ADIT did not start:\n${output}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  const url = /ADIT is running: (\S+)/.exec(output)[1];
  const [, user, password] = /user (\S+), password (\S+)/.exec(output);
  const stop = async () => {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { url, user, password, data, mails: mailbox, stop };
}

/** A browser that reaches nothing but this machine. */
export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    proxy: { server: 'http://127.0.0.1:9', bypass: '127.0.0.1' },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page that remembers every console error. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  return { page, errors };
}

/** Keeps a picture for people to look at. */
export function shot(page, name, fullPage = true) {
  return page.screenshot({ path: join(shots, `${name}.png`), fullPage });
}

/** Fails when axe finds anything on the page. */
export async function checkAccessibility(page, where) {
  // Injected through the debugger, which the page's own policy does not concern.
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] }));
  const lines = found.violations.map((one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target).join(', ')})`);
  assert.deepEqual(lines, [], `accessibility of ${where}`);
}

/**
 * Adds a user without rights, with the first administrator's password. Straight into the database of a running ADIT, because there
 * is no other way yet.
 */
export function addUser(adit, name) {
  const script = `
import json, random, sqlite3, sys
path, name = sys.argv[1:]
db = sqlite3.connect(path, timeout=10)
pk, body, index, version = db.execute("SELECT pk, body, i1pk, version FROM items WHERE sk = 'USER'").fetchone()
user = json.loads(body)
other = "".join(random.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(10))
user.update(id=user["id"][:-10] + other, username=name, staff=False)
put = "INSERT INTO items (pk, sk, body, counters, i1pk, i1sk, version) VALUES (?, ?, ?, '{}', ?, ?, ?)"
db.execute(put, ("USER#" + user["id"], "USER", json.dumps(user), index, name, version))
db.execute(put, ("USER_NAME", name, json.dumps({"user": user["id"]}), None, None, version))
db.commit()
`;
  execFileSync('python3', ['-c', script, join(adit.data, 'adit.sqlite'), name]);
}

/** Values of an attribute in all DICOM files below a folder. */
export function values(folder, keyword) {
  const text = execFileSync('dcmdump', ['+sd', '+r', '-q', '+P', keyword, folder], { encoding: 'utf8' });
  return [...text.matchAll(/ \[([^\]]*)\] /g)].map((found) => found[1].trim());
}

/** The folder of a patient's study in a demo archive. */
export function studyFolder(archive, patientId, description) {
  const folders = readdirSync(archive, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const is = (folder) => values(folder, 'PatientID')[0] === patientId && values(folder, 'StudyDescription')[0] === description;
  const found = folders.map((entry) => join(archive, entry.name)).find(is);
  if (!found) throw new Error(`there is no study ${description} of ${patientId} in ${archive}`);
  return found;
}

/** Logs in through the form. */
export async function logIn(page, adit) {
  await page.goto(adit.url);
  await page.getByLabel('User name').fill(adit.user);
  await page.getByLabel('Password').fill(adit.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Transfer studies' }).waitFor();
}
