// Starts ADIT with its demo archives and a browser; both end by the process that was started here.
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
export const shots = join(here, 'screenshots');
mkdirSync(shots, { recursive: true });

/**
 * Starts `adit serve --demo` in a fresh data directory, or the cloud home when ADIT_CLOUD_HOME names its program; answers with its
 * address and first log-in.
 */
export async function startAdit() {
  const data = mkdtempSync(join(tmpdir(), 'adit-browser-'));
  const cloud = process.env.ADIT_CLOUD_HOME;
  const program = cloud ?? process.env.ADIT_BINARY ?? join(root, 'target/debug/adit');
  const web = ['--listen', '127.0.0.1:0'];
  const child = cloud
    ? spawn(program, ['--dir', data, ...web])
    : spawn(program, ['serve', '--demo', '--data-dir', data, ...web, '--web-dir', join(root, 'dist')]);
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
  return { url, user, password, data, stop };
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

/** Logs in through the form. */
export async function logIn(page, adit) {
  await page.goto(adit.url);
  await page.getByLabel('User name').fill(adit.user);
  await page.getByLabel('Password').fill(adit.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Transfer studies' }).waitFor();
}
