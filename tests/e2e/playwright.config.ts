import process from 'node:process';
import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';
import { firefoxOptions, wantedFirefox } from './support/firefox.mjs';

const TRANSPORTS = /\/transports\.spec\.ts$/;
const BACKGROUND = /\/background\.spec\.ts$/;

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
    {
      name: 'chromium',
      testIgnore: BACKGROUND,
      use: { browserName: 'chromium', launchOptions: launchOptions() },
    },
    // What depends on the browser's own transports and media paths. Only when asked for: on a busy machine a page of
    // three or four shows too few pictures of another in 15 s, or misses bursts of sound; why is not known.
    ...(wantedFirefox()
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
