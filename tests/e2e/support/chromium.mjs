// Where Chromium is, and how the tests start it.
import { existsSync } from 'node:fs';
import process from 'node:process';

const CANDIDATES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** Path of the browser: CHROMIUM from the environment, else Debian's. */
export function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const found = CANDIDATES.find((path) => existsSync(path));
  if (!found) {
    throw new Error(
      `No Chromium at ${CANDIDATES.join(' or ')}: install chromium-headless-shell, or set CHROMIUM to one.`,
    );
  }
  return found;
}

/** Launch options for Playwright. */
export function launchOptions() {
  const args = [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    '--autoplay-policy=no-user-gesture-required',
    // The gateway signs its own certificate; workers' connections do not heed the page's setting.
    '--ignore-certificate-errors',
    // Peer connections between two browsers of a machine without mDNS.
    '--disable-features=WebRtcHideLocalIpsWithMdns',
    '--allow-loopback-in-peer-connection',
  ];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  return { executablePath: chromiumPath(), headless: true, args };
}
