// soak: a gateway under clients who come, go, are killed and change transports, for as long as is asked. It has to end with
// the memory it had, and with nothing left of anybody.
import process from 'node:process';
import { median } from '../e2e/support/numbers.mjs';
import { residentBytes } from '../e2e/support/processes.mjs';
import {
  conditions,
  counters,
  rounded,
  startLoad,
  startNativeGateway,
} from '../bench/support/load.mjs';
import { readOptions, writeJson } from '../bench/support/options.mjs';

const HELP = `soak: an hour of joins, leaves, kills and changes of transport
  --minutes N    how long (60)
  --workers N    of the gateway; 0: one for each core (0)
  --seed N       of what the clients do (1)
  --json FILE    writes the figures there
`;
/** A gateway that keeps lost sessions for long would have to be waited for as long. */
const GRACE_S = 5;
const SAMPLE_MS = 5000;
/** What counts as flat: from the second fifth of the time to the last. The allocator's caches move by a little. */
const MAX_GROWTH = 0.05;
const MAX_GROWTH_BYTES = 4 * 1024 * 1024;
/** From the last client's end until nothing may be left. */
const EMPTY_DEADLINE_MS = (GRACE_S + 25) * 1000;
const GAUGES = [
  'ferry_connections',
  'ferry_sessions',
  'ferry_participants',
  'ferry_rooms',
  'ferry_streams',
  'ferry_subscriptions',
];

const options = readOptions(HELP, {
  minutes: '60',
  workers: '0',
  seed: '1',
});

const gateway = await startNativeGateway({
  workers: Number(options.workers),
  args: ['--resume-timeout-s', String(GRACE_S)],
});
let gone = null;
gateway.exit.then((end) => (gone = end));

const endMs = Date.now() + Number(options.minutes) * 60_000;
const leftSeconds = () => Math.max(0, (endMs - Date.now()) / 1000);
const random = generator(Number(options.seed));
const between = (low, high) => low + random() * (high - low);
const pick = (list) => list[Math.floor(random() * list.length)];
let nextRoom = 1;
const tally = {
  runs: 0,
  joined: 0,
  killed: 0,
  switches: 0,
  packets: 0,
  lost: 0,
  damaged: 0,
  failures: {},
};

/** Arguments of one group of clients in a room of its own. */
function group(seconds, extra = []) {
  const clients = Math.round(between(2, 12));
  return [
    ...[
      '--first-room',
      String(nextRoom++),
      '--user-prefix',
      `soak${nextRoom}`,
      '--clients',
      String(clients),
    ],
    ...[
      '--audio-publishers',
      String(Math.ceil(clients / 2)),
      '--video-publishers',
      String(Math.ceil(clients / 4)),
    ],
    ...[
      '--video-kbps',
      '300',
      '--small-kbps',
      '80',
      '--subscribe-audio',
      '6',
      '--subscribe-video',
      '3',
    ],
    ...['--transport', pick(['webtransport', 'websocket', 'both']), '--joins-per-second', '20'],
    ...['--warm-up', '0', '--duration', seconds.toFixed(1), ...extra],
  ];
}

function count(report) {
  tally.runs++;
  tally.joined += report.joined;
  tally.switches += report.switches;
  for (const kind of ['audio', 'video']) {
    tally.packets += report[kind].packets;
    tally.lost += report[kind].lost;
    tally.damaged += report[kind].damaged;
  }
  for (const [reason, n] of Object.entries(report.failures)) {
    tally.failures[reason] = (tally.failures[reason] ?? 0) + n;
  }
}

/** They come, stay a while and leave as one does. */
async function visitors() {
  while (leftSeconds() > 5 && !gone) {
    count(await startLoad(gateway, group(Math.min(between(2, 15), leftSeconds()))).report);
  }
}

/** They move from one transport to the other again and again. */
async function movers() {
  while (leftSeconds() > 5 && !gone) {
    const extra = ['--switch-every', between(1, 4).toFixed(1)];
    count(await startLoad(gateway, group(Math.min(between(10, 40), leftSeconds()), extra)).report);
  }
}

/** Their process ends without a word. */
async function victims() {
  while (leftSeconds() > 5 && !gone) {
    const load = startLoad(gateway, group(60));
    await wait(between(1000, 6000));
    load.kill('SIGKILL');
    await load.ended;
    tally.killed++;
  }
}

/** They stay to the end. */
async function residents() {
  if (leftSeconds() > 5) count(await startLoad(gateway, group(leftSeconds())).report);
}

const samples = [];
async function watch() {
  while (leftSeconds() > 0 && !gone) {
    await wait(Math.min(SAMPLE_MS, 1000 * leftSeconds()));
    if (gone) return;
    samples.push({ ms: Date.now(), bytes: residentBytes(gateway.pid), ...(await gauges()) });
    const { bytes, ferry_participants: people, ferry_rooms: rooms } = samples.at(-1);
    if (samples.length % 12 === 0) {
      process.stderr.write(
        `${Math.ceil(leftSeconds() / 60)} min left: ${megabytes(bytes)} MB, ${people} people, ${rooms} rooms\n`,
      );
    }
  }
}

async function gauges() {
  const all = await counters(gateway);
  return Object.fromEntries(GAUGES.map((name) => [name, all[name] ?? NaN]));
}

await Promise.all([visitors(), visitors(), movers(), victims(), residents(), watch()]);

const complaints = [];
if (gone) complaints.push(`the gateway ended: ${JSON.stringify(gone)}\n${gateway.log()}`);
let left = {};
if (!gone) {
  const deadline = Date.now() + EMPTY_DEADLINE_MS;
  do {
    await wait(250);
    // The connection that asks is one itself.
    left = Object.entries(await gauges()).filter(
      ([name, n]) => n > (name === 'ferry_connections' ? 1 : 0),
    );
  } while (left.length > 0 && Date.now() < deadline);
  if (left.length > 0)
    complaints.push(`still there: ${left.map((pair) => pair.join(' ')).join(', ')}`);
}
const fifth = Math.floor(samples.length / 5);
const early = median(samples.slice(fifth, 2 * fifth).map(({ bytes }) => bytes));
const late = median(samples.slice(-fifth).map(({ bytes }) => bytes));
if (late > early * (1 + MAX_GROWTH) + MAX_GROWTH_BYTES) {
  complaints.push(`memory grew from ${megabytes(early)} to ${megabytes(late)} MB`);
}
for (const [reason, n] of Object.entries(tally.failures))
  complaints.push(`${n} clients: ${reason}`);
if (tally.damaged > 0) complaints.push(`${tally.damaged} packets were not as they were sent`);
if (tally.runs === 0) complaints.push('no client ran to its end');
const stopped = gone ?? (await gateway.stop());
if (!gone && stopped.code !== 0)
  complaints.push(`the gateway ended with ${JSON.stringify(stopped)}\n${gateway.log()}`);

const result = {
  minutes: Number(options.minutes),
  ...tally,
  rss_mb: {
    early: megabytes(early),
    late: megabytes(late),
    most: megabytes(Math.max(...samples.map(({ bytes }) => bytes))),
  },
  people: { most: Math.max(...samples.map(({ ferry_participants: n }) => n)) },
  left: Object.fromEntries(left),
  complaints,
  conditions: conditions(),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
writeJson(options, result);
process.exitCode = complaints.length > 0 ? 1 : 0;

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function megabytes(bytes) {
  return rounded(bytes / 1024 / 1024, 1);
}

/** Numbers in [0, 1), the same ones for the same seed (Park and Miller). */
function generator(seed) {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
