// Debian systems that have nothing installed, and a network that they share with nobody.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { output, repository, run, temporaryFolder } from './release.mjs';

const cache = process.env.FERRY_CACHE ?? join(process.env.HOME, '.cache/ferry');
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
// Mounts what programs expect into the root, in a mount namespace of its own, and goes there: $0 is
// the root, $1 the user, $2 the folder there, then comes the command.
const ENTER = `
set -e
root=$0 user=$1 folder=$2
shift 2
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot --userspec="$user" "$root" sh -c 'cd "$1" && shift && exec "$@"' sh "$folder" "$@"`.trim();

/** A network with a loopback and nothing else, for as long as the test runs. */
export async function privateNetwork(t) {
  const holder = spawn('unshare', [
    '--net',
    'sh',
    '-c',
    'ip link set lo up && echo up && exec cat',
  ]);
  t.after(() => holder.kill('SIGKILL'));
  const [line] = await once(holder.stdout, 'data');
  if (String(line) !== 'up\n') throw new Error(`no private network: ${line}`);
  return { enter: [`--net=/proc/${holder.pid}/ns/net`] };
}

/** A bare system of that suite, unpacked into a folder that goes with the test. */
export function bareRoot(t, suite, variant = 'apt') {
  const tar = join(cache, `bare-${suite}-${variant}.tar`);
  run(join(repository, 'tests/package/make-root'), [suite, variant, tar]);
  const folder = temporaryFolder(t);
  run('tar', ['-C', folder, '--numeric-owner', '-xf', tar]);
  if (existsSync('/etc/resolv.conf')) {
    copyFileSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'));
  }
  return new BareRoot(folder);
}

export class BareRoot {
  constructor(folder) {
    this.folder = folder;
  }

  path(inside) {
    return join(this.folder, inside);
  }

  read(inside) {
    return readFileSync(this.path(inside), 'utf8');
  }

  bring(file, inside = '/root') {
    copyFileSync(file, join(this.path(inside), file.split('/').pop()));
    return join(inside, file.split('/').pop());
  }

  /** The arguments of unshare(1) that run a command in here. */
  #entering(command, { user = 'root:root', folder = '/' } = {}) {
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
    const environment = ['env', '-i', PATH, 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8'];
    return [
      ...[...namespaces, 'sh', '-c', ENTER, this.folder],
      ...[user, folder, ...environment, ...command],
    ];
  }

  /** Runs a command to its end, with the machine's network. */
  run(command, options = {}) {
    return run('unshare', this.#entering(command, options), { status: options.status ?? 0 });
  }

  /** Starts a program in a private network; resolves when it has printed such a line. */
  async start(t, network, command, { pattern, ...options }) {
    const args = [...network.enter, 'unshare', ...this.#entering(command, options)];
    const program = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // Both unshare(1) and nsenter(1) become what they run; the program is the child.
    t.after(() => program.kill('SIGKILL'));
    let said = '';
    const found = new Promise((resolve, reject) => {
      for (const stream of [program.stdout, program.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          said += `${line}\n`;
          if (pattern.test(line)) resolve();
        });
      }
      program.on('exit', (status) => reject(new Error(`ended with ${status}:\n${said}`)));
    });
    await found;
    return {
      said: () => said,
      /** Ends it as systemd would; resolves with its status. */
      async stop() {
        const ended = once(program, 'exit');
        const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8');
        process.kill(Number(children.trim()), 'SIGTERM');
        const [status] = await ended;
        return status;
      },
    };
  }

  /** Every path of it that a package could have left behind. */
  leftovers() {
    const ours = /^\.\/(dev|proc|run|tmp|root|var\/(cache|log)|var\/lib\/(dpkg|apt|systemd))(\/|$)/;
    const accounts = /^\.\/etc\/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$/;
    return output('find', ['.', '-xdev'], { cwd: this.folder })
      .trim()
      .split('\n')
      .filter((path) => !ours.test(path) && !accounts.test(path))
      .sort();
  }

  /** Boots its systemd, in namespaces and a control group of its own; undefined where that is not possible. */
  async boot(t, network) {
    const group = makeControlGroup();
    if (!group) return undefined;
    const script = join(repository, 'tests/package/support/boot');
    const args = [...network.enter, script, group, this.folder];
    const manager = spawn('nsenter', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    manager.stderr.on('data', (text) => (said += text));
    t.after(async () => {
      manager.kill('SIGKILL');
      await removeControlGroup(group);
    });
    const booted = new BootedRoot(manager);
    if (!(await booted.ready())) throw new Error(`systemd did not start: ${said}`);
    return booted;
  }
}

/** A control group of version 2 for a systemd; undefined when the machine has none to give. */
function makeControlGroup() {
  const found = /^\S+ (\S+) cgroup2 \S*\brw\b/m.exec(readFileSync('/proc/mounts', 'utf8'));
  if (!found) return undefined;
  const group = join(found[1], `ferry-package-${process.pid}`);
  try {
    mkdirSync(group);
  } catch {
    return undefined;
  }
  return group;
}

/** Once its processes, which have been killed, are gone. */
async function removeControlGroup(group) {
  const populated = () => /^populated 1$/m.test(readFileSync(join(group, 'cgroup.events'), 'utf8'));
  while (populated()) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const folder of output('find', [group, '-depth', '-type', 'd']).trim().split('\n')) {
    rmdirSync(folder);
  }
}

class BootedRoot {
  #manager;
  #init;
  constructor(manager) {
    this.#manager = manager;
  }

  #enter(command) {
    const namespaces = ['-m', '-p', '-n', '-i', '-u', '-C', '-r', '-w'];
    const environment = ['env', '-i', PATH, 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8'];
    return ['-t', String(this.#init), ...namespaces, ...environment, ...command];
  }

  run(command, options = {}) {
    return run('nsenter', this.#enter(command), options);
  }

  output(command) {
    return this.run(command).stdout.trim();
  }

  property(unit, name) {
    return this.output(['systemctl', 'show', '--value', '--property', name, unit]);
  }

  async ready() {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline && this.#manager.exitCode === null) {
      const pid = this.#manager.pid;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      if (children && readlinkSync(`/proc/${children}/exe`).endsWith('systemd')) {
        this.#init = Number(children);
        const state = spawnSync(
          'nsenter',
          this.#enter(['systemctl', 'is-system-running', '--wait']),
        );
        if (/running|degraded/.test(String(state.stdout))) return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return false;
  }
}
