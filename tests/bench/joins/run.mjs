// bench joins: how long clients take to be in a room when many come at once.
import process from 'node:process';
import { conditions, rounded, runLoad, startNativeGateway, table } from '../support/load.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const HELP = `bench joins: many joins in a short time, each with a connection and a TLS handshake of its own
  --joins N           (1000)
  --seconds N         in which they come (10)
  --room-size N       users of each room (10)
  --transports A,B    (webtransport,websocket)
  --workers N         of the gateway; 0: one for each core (0)
  --quick             100 joins in 1 s
  --json FILE         writes the figures there
`;

const options = readOptions(HELP, {
  joins: '1000',
  seconds: '10',
  'room-size': '10',
  transports: 'webtransport,websocket',
  workers: '0',
  quick: false,
});

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
writeJson(options, { rows, conditions: conditions() });
