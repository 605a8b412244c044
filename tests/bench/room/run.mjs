// bench room: how large a meeting, and how large an audience, the gateway holds with the load generator on
// the same cores.
import process from 'node:process';
import { conditions, rounded, runLoad, startNativeGateway } from '../support/load.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const HELP = `bench room: a meeting in which everybody hears the loudest and sees small tiles, and a live room
  --clients N         of the meeting (300): a sixth publish audio, a thirtieth 360p video with a small stream
  --seconds N         how long a room has to hold (60)
  --transport T       webtransport or websocket (webtransport)
  --workers N         of the gateway; 0: one for each core (0)
  --load-threads N    of the load generator (1)
  --max-audience N    the largest live room that is tried (3000)
  --only meeting|live
  --quick             10 s, 60 clients, and audiences up to 200
  --json FILE         writes the figures there
A room holds when all joined and stayed, no packet arrived damaged, at most 0.1 % of audio was lost, audio's 99th
percentile is within 150 ms and 95 % of all seconds of every video had at least 90 % of its frames. Where the meeting does
not hold, and for the live room always, the largest that does is searched for in runs of a third of the time, and then has
to hold for all of it.
`;

const options = readOptions(HELP, {
  clients: '300',
  seconds: '60',
  transport: 'webtransport',
  workers: '0',
  'load-threads': '1',
  'max-audience': '3000',
  only: undefined,
  quick: false,
});

const FPS = 15;
const seconds = options.quick ? 10 : Number(options.seconds);
const wantedClients = options.quick ? 60 : Number(options.clients);
const maxAudience = options.quick ? 200 : Number(options['max-audience']);
/** The search ends when the room that holds and the one that does not are this near, of the former. */
const PRECISION = 0.05;
/** Runs of a search at most: from 3000 down to a few, and up again to 5 %. */
const MAX_RUNS = 10;

const VIDEO = [
  ...['--fps', String(FPS), '--video-kbps', '600', '--video-size', '640', '360'],
  ...['--small-kbps', '150', '--small-size', '320', '180'],
];
const ROOMS = {
  meeting: (clients) => [
    ...['--clients', String(clients), ...VIDEO, '--speakers', '6'],
    ...['--audio-publishers', String(Math.ceil(clients / 6))],
    ...['--video-publishers', String(Math.max(2, Math.ceil(clients / 30)))],
    ...['--subscribe-audio', '400', '--subscribe-video', '9', '--tile', '320', '180'],
  ],
  // Everybody sees and hears both publishers, in full size.
  live: (clients) => [
    ...['--live', '--clients', String(clients), ...VIDEO, '--speakers', '2'],
    ...['--audio-publishers', '2', '--video-publishers', '2'],
    ...['--subscribe-audio', '2', '--subscribe-video', '2', '--tile', '640', '360'],
  ],
};

async function measure(kind, clients, duration) {
  const gateway = await startNativeGateway({
    workers: options.workers,
    args: ['--max-rtc-users', '100000', '--max-publishers', '10000'],
  });
  try {
    const { report, gateway: cost } = await runLoad(gateway, [
      ...['--transport', options.transport, '--threads', options['load-threads']],
      ...ROOMS[kind](clients),
      ...['--joins-per-second', '50', '--warm-up', '3', '--duration', String(duration)],
    ]);
    const cpu = cost ? cost.cpuSeconds / cost.seconds : NaN;
    const waited = cost ? cost.waitedSeconds / cost.seconds : NaN;
    const faults = faultsOf(report, cost);
    process.stderr.write(
      `${kind} of ${clients}, ${duration} s: ${faults.length ? faults.join('; ') : 'holds'} ` +
        `(gateway ${cpu.toFixed(2)} cores and waited for ${waited.toFixed(2)}, load ${report.cpu})\n`,
    );
    return { clients, report, cost, cpu, waited, faults };
  } finally {
    await gateway.stop();
  }
}

/** Why a room does not hold; nothing when it does. */
function faultsOf({ failures, audio, video, joined, clients }, cost) {
  const faults = Object.entries(failures).map(([reason, count]) => `${count} clients: ${reason}`);
  if (!cost) return [...faults, 'it never was measured'];
  if (joined < clients) faults.push(`${clients - joined} clients did not join`);
  if (audio.damaged + video.damaged > 0) faults.push('packets arrived damaged');
  if (audio.packets === 0) faults.push('no audio arrived');
  if (audio.loss > 0.001) faults.push(`audio loss ${(100 * audio.loss).toFixed(2)} %`);
  if (audio.latency_ms.p99 > 150) faults.push(`audio p99 ${audio.latency_ms.p99} ms`);
  const fps = video.fps?.p5 ?? 0;
  if (fps < 0.9 * FPS) faults.push(`video at ${fps} frames per second (p5)`);
  return faults;
}

/** What gave way first where a room did not hold, by who had no processor time left. */
function saturated({ cpu, waited, report, cost, faults }) {
  const cores = conditions().cores;
  if (!cost) return faults.join('; ');
  const workers = Number(options.workers) || cores;
  const threads = Number(options['load-threads']);
  const busy = [];
  if (report.cpu > 0.9 * threads)
    busy.push(`the load generator (${report.cpu} of ${threads} threads)`);
  if (cpu > 0.9 * workers) busy.push(`the gateway (${cpu.toFixed(2)} of ${workers} workers)`);
  if (busy.length === 0 && cpu + report.cpu > 0.9 * cores) {
    busy.push(`the machine (gateway ${cpu.toFixed(2)}, load ${report.cpu} of ${cores} cores)`);
  }
  // A worker that waits longer than it runs shares its core with more than this benchmark.
  if (busy.length === 0 && waited > cpu) busy.push('cores that others were using');
  return `${busy.join(' and ') || 'neither had no processor time left'}: ${faults.join('; ')}`;
}

/** The largest room between 1 and `most` that holds, and the smallest seen that does not. */
async function largest(kind, most, failed = null) {
  let holding = null;
  let failing = failed;
  let next = failing ? Math.floor(most / 2) : most;
  for (let run = 0; run < MAX_RUNS && next >= 4; run++) {
    const result = await measure(kind, next, Math.ceil(seconds / 3));
    if (result.faults.length === 0) holding = result;
    else failing = result;
    if (!failing) break;
    const low = holding?.clients ?? 0;
    if (holding && failing.clients - low <= PRECISION * low) break;
    next = Math.floor((low + failing.clients) / 2);
  }
  // What held for a third of the time has to hold for all of it.
  for (let clients = holding?.clients ?? 0; clients >= 4; clients = Math.floor(clients * 0.9)) {
    const result = await measure(kind, clients, seconds);
    if (result.faults.length === 0) return { held: result, failing };
    failing = result;
  }
  return { held: null, failing };
}

function figures({ clients, report, cost, cpu, waited }) {
  return {
    clients,
    cpu: rounded(cpu, 3),
    cpu_waited: rounded(waited, 3),
    rss_mb: rounded(cost.residentBytes / 1e6, 1),
    audio_p99_ms: report.audio.latency_ms.p99,
    video_fps_p5: report.video.fps.p5,
    join_p95_ms: report.join_ms.p95,
    packets_per_second: rounded(cost.packetsOut / cost.seconds, 0),
    audio_loss: report.audio.loss,
    audio_loud_share: report.audio.loud_share,
    video_loss: report.video.loss,
    load_cpu: report.cpu,
  };
}

const result = {};
if (options.only !== 'live') {
  const whole = await measure('meeting', wantedClients, seconds);
  const { held, failing } =
    whole.faults.length === 0
      ? { held: whole, failing: null }
      : await largest('meeting', wantedClients, whole);
  if (held) Object.assign(result, figures(held));
  if (failing) result.saturated = { clients: failing.clients, first: saturated(failing) };
}
if (options.only !== 'meeting') {
  const { held, failing } = await largest('live', maxAudience);
  result.live = held && { ...figures(held), audience: held.clients - 2 };
  if (failing) result.live = { ...result.live, saturated: saturated(failing) };
}
result.conditions = { ...conditions(), seconds, transport: options.transport };
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
writeJson(options, result);
