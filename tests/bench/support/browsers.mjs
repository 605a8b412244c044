// The browsers of a benchmark: one a page, so that the processor time of each can be told.
import process from 'node:process';
import { chromium } from '@playwright/test';
import { launchOptions } from '../../e2e/support/chromium.mjs';

export async function startBrowser() {
  const server = await chromium.launchServer(launchOptions());
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, pid: server.process().pid, close: () => server.close() };
}

/** A page of its own context; what it complains of goes to the standard error. */
export async function openPage({ browser }, url) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.on('pageerror', (error) => process.stderr.write(`page: ${error.stack}\n`));
  page.on('console', (message) => {
    if (message.type() === 'error') process.stderr.write(`page: ${message.text()}\n`);
  });
  await page.goto(url);
  return page;
}

export const wait = (s) => new Promise((resolve) => setTimeout(resolve, 1000 * s));
