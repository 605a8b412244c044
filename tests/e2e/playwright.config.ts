import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';

export default defineConfig({
  testDir: '.',
  outputDir: '../../build/e2e',
  // Frame rates and delays are measured: one test at a time.
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    launchOptions: launchOptions(),
    ignoreHTTPSErrors: true,
    screenshot: 'only-on-failure',
  },
});
