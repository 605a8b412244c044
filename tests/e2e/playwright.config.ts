import process from 'node:process';
import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';
import { firefoxOptions, firefoxPath } from './support/firefox.mjs';

const TRANSPORTS = /\/transports\.spec\.ts$/;
const BACKGROUND = /\/background\.spec\.ts$/;

export default defineConfig({
  testDir: '.',
  outputDir: '../../build/e2e',
  globalSetup: './support/setup.mjs',
  // Each test fills a small machine by itself.
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  // All together take some minutes: nothing may hang for ever.
  globalTimeout: 40 * 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: { ignoreHTTPSErrors: true, screenshot: 'only-on-failure' },
  projects: [
    {
      name: 'chromium',
      testIgnore: BACKGROUND,
      use: { browserName: 'chromium', launchOptions: launchOptions() },
    },
    // What depends on the browser's own transports and media paths; where there is a Firefox.
    ...(firefoxPath()
      ? [
          {
            name: 'firefox',
            testMatch: [TRANSPORTS, BACKGROUND],
            grep: /a call over|a page behind/,
            use: firefoxOptions(),
          },
        ]
      : []),
  ],
});
