// Where Firefox is, and how the tests start it: stock Firefox ESR, driven by WebDriver BiDi.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { pulseServer } from './sound-server.mjs';

const CANDIDATES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** Path of the browser: FIREFOX from the environment, else Debian's; undefined where there is none. */
export function firefoxPath() {
  return process.env.FIREFOX ?? CANDIDATES.find((path) => existsSync(path));
}

/** What Playwright's `use` needs for it. */
export function firefoxOptions() {
  return {
    browserName: /** @type {const} */ ('firefox'),
    channel: 'moz-firefox',
    launchOptions: {
      executablePath: firefoxPath(),
      headless: true,
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
      },
    },
  };
}
