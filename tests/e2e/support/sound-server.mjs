// A PulseAudio server with a sink that nobody hears, for browsers that need a sound device.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** On a busy machine. */
const START_DEADLINE_MS = 60_000;
/** Then it is killed. */
const STOP_DEADLINE_MS = 5_000;

/** The address of the server of this run; the configuration and the setup are told alike. */
export function pulseServer() {
  process.env.FERRY_PULSE ??= mkdtempSync(path.join(os.tmpdir(), 'ferry-pulse-'));
  return `unix:${process.env.FERRY_PULSE}/native`;
}

/** Starts it; resolves to the function that ends it, when it answers. */
export async function startSoundServer() {
  const socket = pulseServer().slice('unix:'.length);
  const folder = path.dirname(socket);
  const env = { ...process.env, PULSE_RUNTIME_PATH: folder, PULSE_STATE_PATH: folder };
  env.HOME = folder;
  env.DBUS_SESSION_BUS_ADDRESS = 'unix:path=/dev/null';
  const server = spawn(
    'pulseaudio',
    [
      ...['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', '--disallow-exit'],
      ...['-L', 'module-null-sink sink_name=nobody rate=48000'],
      ...['-L', `module-native-protocol-unix socket=${socket} auth-anonymous=1`],
    ],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr.on('data', (chunk) => (log += chunk));
  let failure;
  server.once('error', (error) => (failure = error));
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!existsSync(socket)) {
    if (failure || server.exitCode !== null || server.signalCode !== null) {
      throw new Error(`PulseAudio ended: ${failure ?? log}`);
    }
    if (Date.now() > deadline) throw new Error(`PulseAudio does not listen:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return async () => {
    server.kill('SIGTERM');
    const killer = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(killer);
    rmSync(folder, { recursive: true, force: true });
  };
}
