import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';
import { firefoxOptions, firefoxPath } from './support/firefox.mjs';

export default defineConfig({
  testDir: '.',
  outputDir: '../../build/e2e',
  globalSetup: './support/setup.mjs',
  // Frame rates and delays are measured: one test at a time.
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: { ignoreHTTPSErrors: true, screenshot: 'only-on-failure' },
  projects: [
    { name: 'chromium', use: { browserName: 'chromium', launchOptions: launchOptions() } },
    // What depends on the browser's own transports and media paths. Only when asked for: its pages
    // sometimes stop for a minute, why is not known.
    ...(process.env.FERRY_FIREFOX && firefoxPath()
      ? [
          {
            name: 'firefox',
            testMatch: /\/transports\.spec\.ts$/,
            grep: /a call over/,
            use: firefoxOptions(),
          },
        ]
      : []),
  ],
});
