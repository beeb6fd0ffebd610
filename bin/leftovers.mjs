// What the test suite left on this machine. `take` prints what is there before it;
// `compare FILE TOKEN DIRECTORY` names what is there after it and was not, and exits 1 if that is anything:
//   maps       eBPF maps that no process outside the suite holds
//   pins       files in the bpffs of this machine
//   mounts     below DIRECTORY, the suite's own TMPDIR
//   cgroups    innermap-TOKEN-…, as tests of the suite name them
//   networks   network namespaces with a name
//   processes  whose environment carries INNERMAP_SUITE=TOKEN
// Then it takes away what is the suite's by name: a run that was killed could not. Maps go with those that hold them.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BPFFS = '/sys/fs/bpf';
const CGROUPS = '/sys/fs/cgroup';
/** The kernel frees maps some grace periods after their last reference went. */
const PATIENCE_SECONDS = 10;

const [verb, file, token, directory] = process.argv.slice(2);
if (verb === 'take') console.log(JSON.stringify({ maps: mapIds(), pins: pins(), networks: networks() }));
else process.exit((await compare()) ? 1 : 0);

async function compare() {
  const before = JSON.parse(readFileSync(file, 'utf8'));
  let found = leftovers(before);
  for (let second = 0; second < PATIENCE_SECONDS && found.length > 0; second++) {
    await sleep(1000);
    found = leftovers(before);
  }
  for (const line of found) console.log(line);
  if (found.length > 0) await takeAway();
  return found.length > 0;
}

/** Processes first: they are in the mounts and cgroups. */
async function takeAway() {
  for (let second = 0; second < PATIENCE_SECONDS; second++) {
    for (const pid of [...suiteProcesses(), ...cgroups().flatMap(processesIn)])
      quietly(() => process.kill(pid, 'SIGKILL'));
    // The last mounted first
    for (const mount of mounts().toReversed()) quietly(() => execFileSync('umount', ['--lazy', mount]));
    for (const cgroup of cgroups()) quietly(() => removeCgroup(cgroup));
    if (suiteProcesses().length + mounts().length + cgroups().length === 0) return;
    await sleep(1000);
  }
}

function removeCgroup(folder) {
  for (const child of foldersIn(folder)) removeCgroup(child);
  rmdirSync(folder);
}

function processesIn(cgroup) {
  const own = textOf(join(cgroup, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  return [...own, ...foldersIn(cgroup).flatMap(processesIn)];
}

function foldersIn(folder) {
  const children = readdirSync(folder, { withFileTypes: true });
  return children.filter(child => child.isDirectory()).map(({ name }) => join(folder, name));
}

/** What has gone by itself meanwhile is as good. */
function quietly(work) {
  try {
    work();
  } catch {}
}

function leftovers(before) {
  const known = new Set(before.maps);
  const pinned = new Set(before.pins);
  const suite = suiteProcesses();
  return [
    ...suite.map(pid => `process ${pid}: ${commandOf(pid)}`),
    ...mounts().map(mount => `mount ${mount}`),
    ...pins()
      .filter(pin => !pinned.has(pin))
      .map(pin => `pin ${pin}`),
    ...cgroups().map(cgroup => `cgroup ${cgroup}`),
    ...networks()
      .filter(network => !before.networks.includes(network))
      .map(network => `network namespace ${network}`),
    ...maps()
      .filter(map => !known.has(map.id) && heldByNobodyElse(map, suite))
      .map(map => `map ${map.id}: ${map.type} ${map.name ?? '(no name)'}`),
  ];
}

/** Other programs of this machine make maps of their own: a map that one of them holds is theirs. */
function heldByNobodyElse(map, suite) {
  return (map.pids ?? []).every(holder => suite.includes(holder.pid));
}

function maps() {
  return JSON.parse(
    execFileSync('bpftool', ['--json', 'map', 'show'], { encoding: 'utf8', maxBuffer: 1 << 28 }),
  );
}

function mapIds() {
  return maps().map(map => map.id);
}

function pins() {
  try {
    return readdirSync(BPFFS, { recursive: true }).map(name => join(BPFFS, name));
  } catch {
    return [];
  }
}

function cgroups() {
  const hierarchies = ['', ...namesIn(CGROUPS)].map(name => join(CGROUPS, name));
  return hierarchies.flatMap(hierarchy =>
    namesIn(hierarchy)
      .filter(name => name.startsWith(`innermap-${token}-`))
      .map(name => join(hierarchy, name)),
  );
}

function networks() {
  return namesIn('/run/netns');
}

function namesIn(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function mounts() {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '');
  return points.filter(point => point.startsWith(`${directory}/`));
}

function suiteProcesses() {
  const pids = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
  return pids.filter(pid => pid !== process.pid && environmentOf(pid).includes(`INNERMAP_SUITE=${token}`));
}

function environmentOf(pid) {
  return textOf(`/proc/${pid}/environ`).split('\0');
}

function commandOf(pid) {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

/** Nothing for a process that has ended meanwhile, or that is not ours to look at. */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
