// bench call: two headless pages in one room through the gateway, over each transport, and Chromium's
// own RTCPeerConnection between the same two browsers with the same sources and readers, turn by turn.
import os from 'node:os';
import process from 'node:process';
import { startGateway } from '../../e2e/support/gateway.mjs';
import { median, quantile } from '../../e2e/support/numbers.mjs';
import { spent, treeTimes } from '../../e2e/support/processes.mjs';
import { openPage, startBrowser, wait } from '../support/browsers.mjs';
import { startFerryCall, startPeerCall } from '../support/calls.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const HELP = `bench call: frame rate, delay, synchrony and processor time of a call of two pages
  --rounds N     calls of each kind, taken in turn; medians are shown (3)
  --seconds N    how long each call is measured (12)
  --warmup N     seconds before that (4)
  --width, --height, --fps, --kbps    what is sent (640, 360, 30, 1000)
  --only webtransport|websocket|webrtc
  --json FILE    writes the figures there
`;

const options = readOptions(HELP, {
  rounds: '3',
  seconds: '12',
  warmup: '4',
  width: '640',
  height: '360',
  fps: '30',
  kbps: '1000',
  only: undefined,
});

const picture = {
  width: Number(options.width),
  height: Number(options.height),
  frameRate: Number(options.fps),
  bitrate: Number(options.kbps),
};
const seconds = Number(options.seconds);

/** One call of one kind, measured. */
async function measure(kind, browsers, gateway) {
  const file = kind === 'webrtc' ? 'peer.html' : 'call.html';
  const pages = [];
  for (const browser of browsers) {
    pages.push(await openPage(browser, `${gateway.origin}/e2e/pages/${file}`));
  }
  try {
    const call =
      kind === 'webrtc'
        ? await startPeerCall(pages, picture)
        : await startFerryCall(pages, picture, kind);
    await wait(Number(options.warmup));
    const times = () => [gateway.pid, ...browsers.map(({ pid }) => pid)].map(treeTimes);
    const sinceMs = await pages[0].evaluate(() => performance.timeOrigin + performance.now());
    const before = times();
    await wait(seconds);
    const after = times();
    const elapsed = (Date.now() - sinceMs) / 1000;
    const [gatewayCpu, ...pageCpu] = after.map((tree, i) => spent(before[i], tree) / elapsed);
    return {
      ...figures(await call.reports(sinceMs)),
      cpu: { gateway: gatewayCpu, page: mean(pageCpu) },
    };
  } finally {
    await Promise.all(pages.map((page) => page.context().close()));
  }
}

/** The figures of a round: of both directions together, frame rate and synchrony of the worse one. */
function figures(reports) {
  const video = reports.map(({ frames }) => frames.map(({ gotMs, sentMs }) => gotMs - sentMs));
  const audio = reports.map(({ audioDelays }) => audioDelays);
  const skews = reports.map((_, i) => median(audio[i]) - median(video[i]));
  const both = (delays, q) => quantile(delays.flat(), q);
  return {
    fps: Math.min(...reports.map(({ frames }) => frames.length / seconds)),
    video_delay_ms: { p50: both(video, 0.5), p95: both(video, 0.95) },
    audio_delay_ms: { p50: both(audio, 0.5), p95: both(audio, 0.95) },
    first_frame_ms: Math.max(...reports.map(({ firstFrameMs }) => firstFrameMs)),
    av_skew_ms: skews.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)),
  };
}

/** Medians over the rounds, member by member. */
function summary(rounds) {
  const result = {};
  for (const [name, value] of Object.entries(rounds[0])) {
    const values = rounds.map((round) => round[name]);
    result[name] = typeof value === 'object' ? summary(values) : round1(median(values), name);
  }
  return result;
}

function round1(value, name) {
  const digits = name === 'gateway' || name === 'page' ? 3 : 1;
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}

function table(columns) {
  const rows = [
    ['frames per second, worse side', ({ fps }) => fps],
    ['video delay p50 / p95, ms', ({ video_delay_ms: d }) => `${d.p50} / ${d.p95}`],
    ['audio delay p50 / p95, ms', ({ audio_delay_ms: d }) => `${d.p50} / ${d.p95}`],
    ['audio − video, ms', ({ av_skew_ms }) => av_skew_ms],
    ['first frame, ms', ({ first_frame_ms }) => first_frame_ms],
    ['processor, one page, cores', ({ cpu }) => cpu.page],
    ['processor, gateway, cores', ({ cpu }) => cpu.gateway],
  ];
  const lines = [['', ...Object.keys(columns)]];
  for (const [label, pick] of rows) {
    lines.push([label, ...Object.values(columns).map((column) => String(pick(column)))]);
  }
  return lines.map(
    ([label, ...cells]) => label.padEnd(32) + cells.map((c) => c.padStart(16)).join(''),
  );
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

const gateway = await startGateway();
const browsers = await Promise.all([startBrowser(), startBrowser()]);
const kinds = options.only ? [options.only] : ['webtransport', 'websocket', 'webrtc'];
const rounds = Object.fromEntries(kinds.map((kind) => [kind, []]));
try {
  for (let round = 0; round < Number(options.rounds); round++) {
    // Who goes first changes, so that a load that grows or fades is shared.
    const first = round % kinds.length;
    for (const kind of [...kinds.slice(first), ...kinds.slice(0, first)]) {
      const result = await measure(kind, browsers, gateway);
      rounds[kind].push(result);
      const load = os.loadavg()[0].toFixed(1);
      process.stderr.write(
        `round ${round + 1} ${kind}: ${JSON.stringify(summary([result]))} load ${load}\n`,
      );
    }
  }
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await gateway.stop();
}

const columns = {};
for (const kind of kinds) columns[kind] = summary(rounds[kind]);
process.stdout.write(
  `${picture.width}×${picture.height}@${picture.frameRate}, ${picture.bitrate} kbps, ` +
    `${options.rounds} rounds of ${seconds} s, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)}\n` +
    `${table(columns).join('\n')}\n`,
);
writeJson(options, {
  ...columns,
  conditions: {
    cores: os.cpus().length,
    load: Number(os.loadavg()[0].toFixed(1)),
    ...picture,
  },
});
