import type { Mutant } from '../../mutant.ts';

const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const VANDALS = ['dist/operator/agent/vandals.test.js'];
const LOCK = ['dist/operator/agent/lock.test.js'];
const LEDGER = ['dist/operator/ledger/ledger.test.js'];
const BPFFS = 'operator/kernel/libbpf/bpffs';

const lock: readonly Mutant[] = [
  {
    name: 'the lock of a directory that was deleted and made anew counts',
    file: `${BPFFS}/lock.ts`,
    from: 'if (answer >= 0 && isStillThere(directory, fd)) return',
    to: 'if (answer >= 0) return',
    specs: ['dist/operator/kernel/libbpf/bpffs/pins.test.js'],
  },
  {
    name: 'the lock is asked once, at the start',
    file: 'operator/agent/lock.ts',
    from: 'if (lock.holds()) return true;',
    to: 'if (lock.holds() || !lock.holds()) return true;',
    specs: LOCK,
  },
  {
    name: 'a bpffs that is gone is not asked for',
    file: 'operator/agent/lock.ts',
    from: '      kernel.pins.requireMounted();\n',
    to: '',
    specs: ['dist/e2e/agent/ledger.test.js'],
  },
  {
    name: 'a lock that was taken again needs no new look at the kernel',
    file: 'operator/agent/turn.ts',
    from: 'lock.keep() ? asked : EVERYTHING',
    to: 'lock.keep() || EVERYTHING ? asked : asked',
    specs: LOCK,
  },
  {
    name: 'a ledger of another user is used',
    file: `${BPFFS}/private.ts`,
    from: 'if (stats.uid !== ownUid()) refuse',
    to: 'if (stats.uid < 0) refuse',
    specs: CONTRACT,
  },
  {
    name: 'a ledger that a group may write is used',
    file: `${BPFFS}/private.ts`,
    from: 'const WRITE_BY_OTHERS = 0o022;',
    to: 'const WRITE_BY_OTHERS = 0o002;',
    specs: CONTRACT,
  },
  {
    name: 'others may enter the ledger and hold its lock',
    file: `${BPFFS}/lock.ts`,
    from: "=== 'open'",
    to: "=== ('never' as string)",
    specs: CONTRACT,
  },
];

const pins: readonly Mutant[] = [
  {
    name: 'a map is opened through a symlink',
    file: 'native/bulk/map.c',
    from: '\tif (is_link(path))\n',
    to: '\tif (is_link(path) && !*path)\n',
    specs: CONTRACT,
  },
  {
    name: 'a pin of a link is taken for a map',
    file: 'native/bulk/map.c',
    from: '\tif (strcmp(name, map) == 0)\n',
    to: '\tif (strcmp(name, map) <= 0 || name)\n',
    specs: ['dist/operator/kernel/libbpf/bpffs/pins.test.js'],
  },
  {
    name: 'identify takes an arena that ends within a path',
    file: 'native/bulk/wave/identify.c',
    from: ' || all.next != all.end',
    to: '',
    specs: ['dist/operator/kernel/libbpf/tables.test.js'],
  },
  {
    name: 'directories are made on the disk below an unmounted bpffs',
    file: `${BPFFS}/pins.ts`,
    from: '      requireBpffs(root);\n      makeDirectory',
    to: '      makeDirectory',
    specs: CONTRACT,
  },
  {
    name: 'a pin is unlinked without asking whether it is the map that is meant',
    file: 'operator/agent/apply/outer/outer.ts',
    from: 'if (map.id === context.outerMap(step.outer).id) ',
    to: '',
    specs: VANDALS,
  },
];

const ledger: readonly Mutant[] = [
  {
    name: 'a symlink among the inner pins proves an entry ours',
    file: 'operator/core/ledger/innerpin.ts',
    from: 'return id === undefined ? undefined : Number(id);',
    to: 'return Number(id ?? 7);',
    specs: LEDGER,
  },
  {
    name: 'a record may name any pin',
    file: 'operator/core/ledgerrecord.ts',
    from: "typeof value === 'string' && pinProblem(value) === undefined",
    to: "typeof value === 'string' && pinProblem(value) !== ''",
    specs: ['dist/operator/core/ledgerrecord.test.js'],
  },
  {
    name: 'a ledger that somebody removed is not written anew',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: 'pin.id === found.made || isProven',
    to: 'isProven',
    specs: VANDALS,
  },
  {
    name: 'any map at the pin is ours once the ledger is gone',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: 'pin.id === found.made || isProven',
    to: 'found.made !== undefined || isProven',
    specs: VANDALS,
  },
  {
    name: 'what an intruder deleted right after we inserted it is remembered as there',
    file: 'operator/agent/fold.ts',
    from: '  known.entriesRead = undefined;\n',
    to: '',
    specs: VANDALS,
  },
  {
    name: 'a ledger that may only not have been read yet is called retained',
    file: 'operator/core/report/retained.ts',
    from: 'if (!complete) return [];',
    to: 'if (!complete && ledgers.length < 0) return [];',
    specs: ['dist/operator/agent/turn.test.js'],
  },
];

const commands: readonly Mutant[] = [
  {
    name: 'a report counts though no agent runs',
    file: 'operator/cli/report/presence.ts',
    from: "holder === undefined ? 'none' : 'runs'",
    to: "holder === '' ? 'none' : 'runs'",
    specs: ['dist/operator/cli/status.test.js'],
  },
  {
    name: 'clean takes the report of another bpffs',
    file: 'operator/cli/clean.ts',
    from: 'if (reportedBpffs(path) !== pins.root) return;',
    to: 'if (reportedBpffs(path) === pins) return;',
    specs: ['dist/operator/cli/clean.test.js'],
  },
  {
    name: 'an exception that nobody caught ends an agent with 0',
    file: 'operator/wiring/untilsignal.ts',
    from: '    if (failures.length > 0) throw failures[0];\n',
    to: '',
    specs: ['dist/e2e/agent/running.test.js'],
  },
  {
    name: 'after an exception that nobody caught a process that has nothing to wait for ends with 0',
    file: 'operator/wiring/untilsignal.ts',
    from: '    process.exitCode = FAILED;\n',
    to: '',
    specs: ['dist/operator/wiring/untilsignal.test.js'],
  },
  {
    name: 'a command that can never end ends with 0, in silence',
    file: 'bin/innermap.js',
    from: "process.once('beforeExit', unfinished);",
    to: "process.once('beforeexit', unfinished);",
    specs: ['dist/operator/cli/real.test.js'],
  },
];

export const bpffsMutants: readonly Mutant[] = [...lock, ...pins, ...ledger, ...commands];
