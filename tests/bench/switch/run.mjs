// bench switch: how long picture and sound stand still when the network under a call changes. One of two pages is
// behind a relay, which swallows UDP, lets it through again, and gives it another address.
import os from 'node:os';
import process from 'node:process';
import { clientConnections, startGateway } from '../../e2e/support/gateway.mjs';
import { longestGapMs, median } from '../../e2e/support/numbers.mjs';
import { startRelay } from '../../e2e/support/relay.mjs';
import { openPage, startBrowser, wait } from '../support/browsers.mjs';
import { startFerryCall } from '../support/calls.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const HELP = `bench switch: how long picture and sound stand still when the network under a call changes
  --rounds N     calls, each with every change (3)
  --seconds N    how long is listened after each change (6)
  --warmup N     seconds before the first (4)
  --json FILE    writes the figures there
`;

const PICTURE = { width: 640, height: 360, frameRate: 30, bitrate: 1000 };
/** From one burst of sound to the next: of a pause of 0.7 s one or two in a row go unheard. */
const BURST_PERIOD_MS = 500;
/** What came last before a change is to be among what is looked at. */
const BEFORE_MS = 1500;
const CHANGED_DEADLINE_S = 20;

const options = readOptions(HELP, { rounds: '3', seconds: '6', warmup: '4' });

const CHANGES = [
  {
    name: 'UDP is swallowed: WebTransport to WSS',
    make: (relay) => relay.set({ udp: false }),
    done: (gateway) => connectionsAre(gateway, 1, 1),
  },
  {
    name: 'UDP is back: WSS to WebTransport',
    make: async (relay, page) => {
      relay.set({ udp: true });
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
    },
    done: (gateway) => connectionsAre(gateway, 2, 0),
  },
  {
    name: 'another address, as of a NAT',
    make: (relay) => relay.rebindUdp(),
    done: () => true,
  },
];

async function connectionsAre(gateway, webtransport, websocket) {
  const connections = await clientConnections(gateway);
  return connections.webtransport === webtransport && connections.websocket === websocket;
}

/** Of one that heard or saw next to nothing the longest gap would tell nothing. */
function longestPauseMs(received) {
  if (received.length < 2) throw new Error('nothing came');
  return longestGapMs(received);
}

/** One change of the network, and what it did to both sides. */
async function measure({ make, done, name }, call, page, relay, gateway) {
  const sinceMs = await page.evaluate(() => performance.timeOrigin + performance.now());
  await make(relay, page);
  const deadline = Date.now() + 1000 * CHANGED_DEADLINE_S;
  while (!(await done(gateway))) {
    if (Date.now() > deadline) throw new Error(`${name}: the call did not follow`);
    await wait(0.05);
  }
  await wait(Number(options.seconds));
  const reports = await call.reports(sinceMs - BEFORE_MS);
  return {
    picture: Math.max(...reports.map(({ frames }) => longestPauseMs(frames))),
    bursts: Math.max(
      ...reports.map(({ heard }) => Math.round(longestPauseMs(heard) / BURST_PERIOD_MS) - 1),
    ),
  };
}

async function oneCall(browsers, gateway, relay) {
  const [far, near] = [relay.origin, gateway.origin];
  const pages = [];
  for (const [i, origin] of [far, near].entries()) {
    pages.push(await openPage(browsers[i], `${origin}/e2e/pages/call.html`));
  }
  try {
    const call = await startFerryCall(pages, PICTURE, 'auto');
    await wait(Number(options.warmup));
    const gaps = {};
    for (const change of CHANGES) {
      gaps[change.name] = await measure(change, call, pages[0], relay, gateway);
    }
    return gaps;
  } finally {
    await Promise.all(pages.map((page) => page.context().close()));
  }
}

const gateway = await startGateway();
const relay = await startRelay(gateway.origin);
const browsers = await Promise.all([startBrowser(), startBrowser()]);
const rounds = [];
try {
  for (let round = 0; round < Number(options.rounds); round++) {
    rounds.push(await oneCall(browsers, gateway, relay));
    const load = os.loadavg()[0].toFixed(1);
    process.stderr.write(`round ${round + 1}: ${JSON.stringify(rounds.at(-1))} load ${load}\n`);
  }
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await relay.stop();
  await gateway.stop();
}

const figures = (values) => ({
  p50: Math.round(median(values)),
  max: Math.round(Math.max(...values)),
});
const rows = CHANGES.map(({ name }) => ({
  change: name,
  picture_gap_ms: figures(rounds.map((round) => round[name].picture)),
  sound_bursts_lost: figures(rounds.map((round) => round[name].bursts)),
}));
process.stdout.write(
  `${options.rounds} calls, load ${os.loadavg()[0].toFixed(1)}\n` +
    `${''.padEnd(42)}${'picture gap p50 / max, ms'.padStart(28)}${'bursts lost p50 / max'.padStart(28)}\n`,
);
for (const { change, picture_gap_ms: picture, sound_bursts_lost: sound } of rows) {
  const cells = [picture, sound].map(({ p50, max }) => `${p50} / ${max}`.padStart(28));
  process.stdout.write(`${change.padEnd(42)}${cells.join('')}\n`);
}
writeJson(options, { rows, conditions: { cores: os.cpus().length, load: os.loadavg()[0] } });
