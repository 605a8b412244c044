// Where Firefox is, and how the tests start it: stock Firefox ESR, driven by WebDriver BiDi.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { pulseServer } from './sound-server.mjs';

const CANDIDATES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** Its first start makes a profile; with twenty threads waiting for two cores 45 s were too few. */
const START_MS = 120_000;

/** Path of the browser: FIREFOX from the environment, else Debian's; undefined where there is none. */
export function firefoxPath() {
  return process.env.FIREFOX ?? CANDIDATES.find((path) => existsSync(path));
}

/** The first that knows all of WebDriver BiDi that Playwright asks for (network.addDataCollector). */
export const FIRST_DRIVABLE = 143;

/** Whether Playwright cannot drive the Firefox that is here, as the ESR of a Debian without its security updates. */
export function firefoxTooOld() {
  const path = firefoxPath();
  if (!path) return false;
  const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
  return !(Number(/(\d+)\./.exec(said)?.[1]) >= FIRST_DRIVABLE);
}

/** What Playwright overrides so that every page behaves as one in front; here as everybody's Firefox has it. */
const BACKGROUND_PREFS = {
  'layout.testing.top-level-always-active': false,
  'dom.min_background_timeout_value': 1000,
  'dom.min_background_timeout_value_without_budget_throttling': 1000,
  'dom.timeout.enable_budget_timer_throttling': true,
};

/**
 * What Playwright's `use` needs for it. `background`: pages behind others are treated as such.
 * @param {{ background?: boolean }} [options]
 */
export function firefoxOptions({ background = false } = {}) {
  return {
    browserName: /** @type {const} */ ('firefox'),
    channel: 'moz-firefox',
    launchOptions: {
      executablePath: firefoxPath(),
      headless: true,
      timeout: START_MS,
      // Without a sound device its AudioContexts stay suspended for ever.
      // The sink would else be filled in bursts of up to two seconds.
      env: { ...process.env, PULSE_SERVER: pulseServer(), PULSE_LATENCY_MSEC: '20' },
      firefoxUserPrefs: {
        'media.autoplay.default': 0,
        'media.block-autoplay-until-in-foreground': false,
        'media.navigator.permission.disabled': true,
        'media.navigator.streams.fake': true,
        // Nothing of a test leaves the machine.
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        ...(background && BACKGROUND_PREFS),
      },
    },
  };
}
