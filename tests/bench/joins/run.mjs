// bench joins: how long clients take to be in a room when many come at once.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { conditions, rounded, runLoad, startNativeGateway, table } from '../support/load.mjs';

const HELP = `bench joins: many joins in a short time, each with a connection and a TLS handshake of its own
  --joins N           (1000)
  --seconds N         in which they come (10)
  --room-size N       users of each room (10)
  --transports A,B    (webtransport,websocket)
  --workers N         of the gateway; 0: one for each core (0)
  --quick             100 joins in 1 s
  --json FILE         writes the figures there
`;

const { values: options } = parseArgs({
  options: {
    joins: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    'room-size': { type: 'string', default: '10' },
    transports: { type: 'string', default: 'webtransport,websocket' },
    workers: { type: 'string', default: '0' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const joins = options.quick ? 100 : Number(options.joins);
const seconds = options.quick ? 1 : Number(options.seconds);
const roomSize = Number(options['room-size']);
const rows = [];
for (const transport of options.transports.split(',')) {
  const gateway = await startNativeGateway({ workers: options.workers });
  try {
    const { report } = await runLoad(gateway, [
      ...['--transport', transport, '--rooms', String(Math.ceil(joins / roomSize))],
      ...['--clients', String(roomSize), '--joins-per-second', String(joins / seconds)],
      ...['--warm-up', '0', '--duration', '1'],
    ]);
    for (const [reason, count] of Object.entries(report.failures)) {
      process.stderr.write(`${count} clients: ${reason}\n`);
    }
    rows.push({
      transport,
      joins: report.clients,
      seconds,
      lost: report.clients - report.joined,
      p50_ms: rounded(report.join_ms.p50, 1),
      p95_ms: rounded(report.join_ms.p95, 1),
      max_ms: rounded(report.join_ms.max, 1),
    });
  } finally {
    await gateway.stop();
  }
}
process.stdout.write(`${table(rows)}\n`);
if (options.json) {
  writeFileSync(options.json, `${JSON.stringify({ rows, conditions: conditions() }, null, 2)}\n`);
}
