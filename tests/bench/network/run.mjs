// bench network: a call of which one page is behind a relay that delays and loses, case by case. What the other page gets of
// it tells of the publisher's hop, what it gets itself of the subscriber's; both directions are impaired alike.
import os from 'node:os';
import process from 'node:process';
import { startGateway } from '../../e2e/support/gateway.mjs';
import { median, quantile } from '../../e2e/support/numbers.mjs';
import { startRelay } from '../../e2e/support/relay.mjs';
import { openPage, startBrowser, wait } from '../support/browsers.mjs';
import { startFerryCall } from '../support/calls.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const HELP = `bench network: frame rate, delay and sound of a call over networks that delay and lose
  --rounds N     calls of each case and transport, taken in turn; medians are shown (3)
  --seconds N    how long each call is measured (12)
  --warmup N     seconds before that (4)
  --case NAMES   of these alone, as clean,loss30
  --only webtransport|websocket
  --json FILE    writes the figures there
`;

const PICTURE = { width: 640, height: 360, frameRate: 30, bitrate: 800 };
/** Longer without a new picture is seen as standing still. */
const FREEZE_MS = 200;

const far = (network) => ({ delayMs: 50, ...network });
const CASES = {
  clean: {},
  far: far({}),
  loss5: far({ loss: 0.05 }),
  loss10: far({ loss: 0.1 }),
  loss20: far({ loss: 0.2 }),
  loss30: far({ loss: 0.3 }),
  loss50: far({ loss: 0.5 }),
  bursts10: far({ loss: 0.1, meanBurst: 5 }),
  bursts20: far({ loss: 0.2, meanBurst: 5 }),
};
/** A TCP connection loses nothing that a relay of its bytes could drop. */
const OVER_TCP = ['clean', 'far'];

const options = readOptions(HELP, {
  rounds: '3',
  seconds: '12',
  warmup: '4',
  case: undefined,
  only: undefined,
});
const seconds = Number(options.seconds);
const cases = options.case?.split(',') ?? Object.keys(CASES);
for (const name of cases) {
  if (CASES[name]) continue;
  process.stderr.write(`no case '${name}': ${Object.keys(CASES).join(', ')}\n`);
  process.exit(1);
}
const transports = options.only ? [options.only] : ['webtransport', 'websocket'];

/** One call over one network: the figures of both hops, or why there are none. */
async function measure(network, transport, round, browsers, gateway, relay) {
  relay.set({ up: { ...network, seed: 2 * round + 1 }, down: { ...network, seed: 2 * round + 2 } });
  const pages = [];
  try {
    for (const [i, { origin }] of [relay, gateway].entries()) {
      pages.push(await openPage(browsers[i], `${origin}/e2e/pages/call.html`));
    }
    const call = await startFerryCall(pages, PICTURE, transport);
    await wait(Number(options.warmup));
    const sinceMs = await pages[0].evaluate(() => performance.timeOrigin + performance.now());
    await wait(seconds);
    const [subscriber, publisher] = await call.reports(sinceMs);
    return { publisher: figures(publisher, sinceMs), subscriber: figures(subscriber, sinceMs) };
  } catch (error) {
    return { failed: error.message.split('\n')[0] };
  } finally {
    await Promise.all(pages.map((page) => page.context().close()));
  }
}

function figures({ frames, audioDelays, firstFrameMs }, sinceMs) {
  const delays = frames.map(({ gotMs, sentMs }) => gotMs - sentMs);
  const times = [sinceMs, ...frames.map(({ gotMs }) => gotMs), sinceMs + 1000 * seconds];
  const gaps = times.slice(1).map((at, i) => at - times[i]);
  const frozen = gaps.filter((gap) => gap > FREEZE_MS).reduce((a, b) => a + b, 0);
  return {
    fps: frames.length / seconds,
    video_p50_ms: quantile(delays, 0.5),
    video_p95_ms: quantile(delays, 0.95),
    freeze_s: frozen / 1000,
    // Two a second are sent.
    bursts_heard_pct: (100 * audioDelays.length) / (2 * seconds),
    audio_p50_ms: quantile(audioDelays, 0.5),
    first_frame_ms: firstFrameMs,
  };
}

function medians(rounds) {
  const summary = {};
  for (const name of Object.keys(rounds[0])) {
    summary[name] = Number(median(rounds.map((round) => round[name])).toFixed(1));
  }
  return summary;
}

const gateway = await startGateway();
const relay = await startRelay(gateway.origin);
const browsers = await Promise.all([startBrowser(), startBrowser()]);
const results = new Map();
try {
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const name of cases) {
      for (const transport of transports) {
        if (transport === 'websocket' && !OVER_TCP.includes(name)) continue;
        const result = await measure(CASES[name], transport, round, browsers, gateway, relay);
        const key = `${name} ${transport}`;
        results.set(key, [...(results.get(key) ?? []), result]);
        const load = os.loadavg()[0].toFixed(1);
        process.stderr.write(`round ${round + 1} ${key}: ${JSON.stringify(result)} load ${load}\n`);
      }
    }
  }
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await relay.stop();
  await gateway.stop();
}

const rows = [];
for (const [key, rounds] of results) {
  const [name, transport] = key.split(' ');
  const calls = rounds.filter(({ failed }) => !failed);
  for (const hop of calls.length > 0 ? ['publisher', 'subscriber'] : []) {
    rows.push({ case: name, hop, transport, ...medians(calls.map((call) => call[hop])) });
  }
  const failed = rounds.flatMap((round) => round.failed ?? []);
  if (failed.length > 0) rows.push({ case: name, transport, failed });
}
process.stdout.write(
  `${options.rounds} rounds of ${seconds} s, load ${os.loadavg()[0].toFixed(1)}\n`,
);
for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
writeJson(options, { rows, conditions: { cores: os.cpus().length, load: os.loadavg()[0] } });
