// Processes: their time and memory, from /proc, and signals to many.
import { readFileSync, readdirSync } from 'node:fs';
import process from 'node:process';

/** Clock ticks a second of /proc/PID/stat; 100 on every Linux that browsers run on. */
const TICKS = 100;

function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null; // It ended meanwhile.
  }
}

/** Seconds of processor time of each process of the tree under `root`: a map from process id. */
export function treeTimes(root) {
  const parents = new Map();
  const times = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const found = stat(name);
    if (!found) continue;
    parents.set(Number(name), found.parent);
    times.set(Number(name), found.ticks / TICKS);
  }
  const inTree = (pid) => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === root) return true;
    return false;
  };
  return new Map([...times].filter(([pid]) => inTree(pid)));
}

/** Sends a signal to every process of the tree under `root`: SIGSTOP is a machine that sleeps, SIGCONT wakes it. */
export function signalTree(root, signal) {
  for (const pid of treeTimes(root).keys()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Processor seconds spent between two answers of treeTimes; what began meanwhile counts whole. */
export function spent(before, after) {
  let sum = 0;
  for (const [pid, seconds] of after) sum += seconds - (before.get(pid) ?? 0);
  return sum;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
}
