// bench sfu: what a forwarded packet costs the gateway. One publisher, many subscribers, packets of
// 1200 bytes, over each transport.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { ROOT } from '../../e2e/support/gateway.mjs';
import { median } from '../../e2e/support/numbers.mjs';
import { conditions, rounded, runLoad, startNativeGateway, table } from '../support/load.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const HELP = `bench sfu: processor time of the gateway for each forwarded packet
  --subscribers N     (100)
  --mbps A,B,…        of the one publisher (1,3,5)
  --transports A,B    (webtransport,websocket)
  --rounds N          runs of each kind, taken in turn; medians are shown (3)
  --seconds N         how long each run is measured (10)
  --packet-bytes N    of an RTP packet, header included (1200)
  --load-threads N    of the load generator (1)
  --scaling-mbps M    at which two workers are compared with one (10)
  --no-scaling        leaves that comparison out
  --quick             one round of 3 s at the middle bitrate
  --json FILE         writes the figures there
Two cores that also carry the load generator cannot show two workers at their limit. What is compared is the packets that
they forward for each second of processor time, every worker having a core: \`scaling\` is how many times as many two
workers forward as one.
floor_us is what sealing and sending the same packets alone costs on this machine in the same minutes (sfu_floor.cc).
floor_ratio is what the gateway costs of that, the one figure that holds on another machine; floor_target is what it is to be
at most (of one worker, packets of 1200 bytes to 100 subscribers).
`;

/** By Mbps of the publisher, over either transport. */
const FLOOR_TARGETS = { 1: 4, 3: 3.5 };

const options = readOptions(HELP, {
  subscribers: '100',
  mbps: '1,3,5',
  transports: 'webtransport,websocket',
  rounds: '3',
  seconds: '10',
  'packet-bytes': '1200',
  'load-threads': '1',
  'scaling-mbps': '10',
  'no-scaling': false,
  quick: false,
});

const rounds = options.quick ? 1 : Number(options.rounds);
const seconds = options.quick ? 3 : Number(options.seconds);
const transports = options.transports.split(',');
const bitrates = options.mbps.split(',').map(Number);
const middle = bitrates[Math.floor(bitrates.length / 2)];
const scalingMbps = Number(options['scaling-mbps']);
const subscribers = Number(options.subscribers);

/** Everything that is measured once a round. */
function kinds() {
  const list = [];
  for (const mbps of options.quick ? [middle] : bitrates) {
    for (const transport of transports) list.push({ transport, mbps, workers: 1 });
  }
  if (options['no-scaling']) return list;
  for (const transport of transports) {
    for (const workers of [1, 2]) {
      const kind = { transport, mbps: scalingMbps, workers };
      if (workers > 1 || options.quick || !bitrates.includes(scalingMbps)) list.push(kind);
    }
  }
  return list;
}

/** How many times as many packets two workers forward as one, each with a core, by the rows. */
function scaling(rows) {
  const cost = (transport, workers) =>
    rows.find(
      (row) => row.transport === transport && row.workers === workers && row.mbps === scalingMbps,
    )?.cpu_us_per_packet;
  return Object.fromEntries(
    transports.map((transport) => [
      transport,
      rounded((2 * cost(transport, 1)) / cost(transport, 2), 2),
    ]),
  );
}

/** Microseconds a packet: copied, sealed and sent, nothing else. */
function floor(mbps) {
  const program = path.join(ROOT, 'build/release/tests/bench/sfu_floor/sfu_floor');
  const args = [subscribers, 1000 * mbps, options['packet-bytes'], Math.min(seconds, 5)];
  return Number(execFileSync(program, args.map(String), { encoding: 'utf8' }));
}

async function measure({ transport, mbps, workers }) {
  const gateway = await startNativeGateway({ workers });
  try {
    const { report, gateway: cost } = await runLoad(gateway, [
      ...['--transport', transport, '--threads', options['load-threads']],
      ...['--clients', String(subscribers + 1), '--joins-per-second', '100'],
      ...['--video-publishers', '1', '--subscribe-video', '1', '--layer', 'big'],
      ...['--video-kbps', String(1000 * mbps), '--packet-bytes', options['packet-bytes']],
      ...['--warm-up', '3', '--duration', String(seconds)],
    ]);
    // Fewer subscribers than asked for would be another measurement.
    if (report.failed > 0) throw new Error(`clients failed: ${JSON.stringify(report.failures)}`);
    const { video } = report;
    // What the publisher made and a subscriber did not get, whether or not a sequence number tells.
    const missing = video.lost + video.withheld;
    return {
      cpu_us_per_packet: (1e6 * cost.cpuSeconds) / cost.packetsOut,
      floor_us: floor(mbps),
      loss: missing / (video.packets + missing),
      p50_ms: video.latency_ms.p50,
      p99_ms: video.latency_ms.p99,
      rss_mb: cost.residentBytes / 1e6,
      dropped: cost.dropped,
      packets_per_second: cost.packetsOut / cost.seconds,
      gateway_cpu: cost.cpuSeconds / cost.seconds,
      gateway_waited: cost.waitedSeconds / cost.seconds,
      load_cpu: report.cpu,
      bytes_per_packet: (1e6 / 8) * (video.mbps / video.packets) * report.measured_s,
    };
  } finally {
    await gateway.stop();
  }
}

const DIGITS = {
  cpu_us_per_packet: 2,
  floor_us: 2,
  loss: 6,
  dropped: 0,
  p50_ms: 2,
  p99_ms: 2,
  rss_mb: 1,
  packets_per_second: 0,
  gateway_cpu: 3,
  gateway_waited: 3,
  load_cpu: 3,
  bytes_per_packet: 0,
};

const all = kinds().map((kind) => ({ kind, results: [] }));
for (let round = 0; round < rounds; round++) {
  // Who goes first changes, so that a load that grows or fades is shared.
  for (const { kind, results } of round % 2 ? [...all].reverse() : all) {
    const result = await measure(kind);
    results.push(result);
    process.stderr.write(
      `round ${round + 1}: ${kind.transport} ${kind.mbps} Mbps, ${kind.workers} worker(s): ` +
        `${result.cpu_us_per_packet.toFixed(2)} us a packet (floor ${result.floor_us.toFixed(2)}), ` +
        `${result.packets_per_second.toFixed(0)} packets/s, loss ${result.loss.toFixed(6)} ` +
        `(${result.dropped} dropped by the gateway), ` +
        `gateway ${result.gateway_cpu.toFixed(2)} ` +
        `(and waited ${result.gateway_waited.toFixed(2)}), load ${result.load_cpu.toFixed(2)} cores\n`,
    );
  }
}

const rows = all.map(({ kind: { transport, mbps, workers }, results }) => {
  const row = { transport, subscribers, mbps };
  for (const [name, digits] of Object.entries(DIGITS)) {
    row[name] = rounded(median(results.map((result) => result[name])), digits);
  }
  row.floor_ratio = rounded(row.cpu_us_per_packet / row.floor_us, 2);
  row.floor_target = workers === 1 ? (FLOOR_TARGETS[mbps] ?? null) : null;
  return { ...row, workers };
});
process.stdout.write(`${table(rows)}\n`);
const ratios = options['no-scaling'] ? null : scaling(rows);
if (ratios) process.stdout.write(`scaling: ${JSON.stringify(ratios)}\n`);
writeJson(options, { rows, scaling: ratios, conditions: { ...conditions(), rounds, seconds } });
