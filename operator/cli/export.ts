import { resolve } from 'node:path';
import { LEDGER } from '../core/ledgerrecord.ts';
import { counted } from '../core/plan/print.ts';
import { withMap } from '../ledger/reading.ts';
import { BPFFS, directory, outputOption } from './arguments/options.ts';
import { type Command, EXIT, type Given, type Ports, type Terminal, UsageError } from './command.ts';
import { exported } from './export/exported.ts';
import { outerMapNameFor } from './export/names.ts';
import type { GivenTypes } from './export/types.ts';
import type { ObjectTypes } from './export/typesources.ts';
import { note } from './terminal/note.ts';
import { withProgress } from './terminal/progress.ts';
import { type Plain, yamlText } from './terminal/yaml.ts';
import { objectBtf } from './types/objectfile.ts';

export const EXPORT: Command = {
  name: 'export',
  summary: 'write an existing outer map as manifests that adopt it',
  usage: 'PIN',
  operands: { least: 1, most: 1 },
  options: [
    BPFFS,
    { name: 'name', value: 'NAME', summary: 'name of the OuterMap (default: after the pin)' },
    { name: 'namespace', value: 'NAMESPACE', fallback: 'default', summary: 'namespace of the InnerMaps' },
    {
      name: 'types-from',
      value: 'FILE',
      summary: 'take types from the BTF of a program’s object file, such as prog.bpf.o',
    },
    { name: 'map', value: 'NAME', summary: 'the map in FILE: the outer map, or one like its inner maps' },
    { name: 'key-type', value: 'TYPE', summary: 'C type of the outer map’s key, such as ipv4' },
    { name: 'inner-key-type', value: 'TYPE', summary: 'C type of the inner maps’ keys' },
    { name: 'inner-value-type', value: 'TYPE', summary: 'C type of the inner maps’ values' },
    outputOption('yaml', 'json'),
  ],
  notes: [
    'PIN is a path below the bpffs, or an absolute one. The manifests, applied again, change no entry: every type that is\nchosen or given is proven on every entry.',
    'Types that are not given come from BTF: that of the object file (--types-from), else that which the inner maps were made\nwith or a program that uses them has, both of which need CAP_SYS_ADMIN. What has none is integers and bytes by size, and\na note says so. Fields that are the kernel’s, such as a bpf_spin_lock, are never written.',
    'Needs root, or CAP_BPF and CAP_PERFMON: inner maps that a program made are read through the outer map then. Those of\nper-CPU types and LPMTrie, and large ones, need CAP_SYS_ADMIN.',
  ],
  examples: [
    { line: 'export tenants > tenants.yaml', says: 'what a program pinned at /sys/fs/bpf/tenants' },
    {
      line: "export tenants --key-type ipv4 --inner-key-type 'struct { __be16 port; __u8 proto; }'",
      says: 'with the types of the program’s header',
    },
    {
      line: 'export tenants --types-from prog.bpf.o',
      says: 'with the types of the program’s object file, also of an empty map',
    },
    { line: 'export xdp/blocklists --name blocklists --namespace team-a', says: 'with names of your own' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const { terminal } = ports;
  const chosen = { types: typesIn(given), object: objectIn(given) };
  const kernel = ports.openKernel(directory(given));
  try {
    const pin = pinOf(given.operands[0]!, kernel.pins.root);
    const names = { name: given.text('name') ?? outerMapNameFor(pin), namespace: given.text('namespace')! };
    const found = await withMap(kernel, `${kernel.pins.root}/${pin}`, outer =>
      withProgress(terminal, 'Reading inner maps', progress =>
        exported({ kernel, outer, pin, ...names, ...chosen }, progress),
      ),
    );
    if (found === undefined)
      throw new Error(`Cannot open ${kernel.pins.root}/${pin}: ENOENT, nothing is pinned there`);
    for (const text of found.notes) note(terminal, text);
    writeDocuments(found.documents, given.text('output')!, terminal);
  } finally {
    kernel.close();
  }
  return EXIT.done;
}

/** Relative to the bpffs, as OuterMap.spec.pin has it. */
function pinOf(operand: string, root: string): string {
  const path = resolve(root, operand);
  const pin = path.slice(root.length + 1);
  if (!path.startsWith(`${root}/`) || pin === '')
    throw new UsageError(
      `PIN cannot be ${operand}: it is not below ${root}; name another bpffs with --bpffs`,
      'export',
    );
  if (pin === LEDGER || pin.startsWith(`${LEDGER}/`))
    throw new UsageError(
      `PIN cannot be ${operand}: ${LEDGER}/ is the operator's own; export where programs look`,
      'export',
    );
  return pin;
}

function typesIn(given: Given): GivenTypes {
  return {
    key: given.text('key-type'),
    innerKey: given.text('inner-key-type'),
    innerValue: given.text('inner-value-type'),
  };
}

function objectIn(given: Given): ObjectTypes | undefined {
  const [file, map] = [given.text('types-from'), given.text('map')];
  if (file !== undefined) return { file, btf: objectBtf(file), map };
  if (map === undefined) return undefined;
  throw new UsageError('Option --map needs the file that defines the map: --types-from FILE', 'export');
}

function writeDocuments(documents: readonly Plain[], output: string, terminal: Terminal): void {
  if (output === 'json') {
    terminal.out(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: documents }, null, 2)}\n`);
  } else
    for (const [index, document] of documents.entries())
      terminal.out((index === 0 ? '' : '---\n') + yamlText(document));
  terminal.error(`Exported 1 outer map, ${counted(documents.length - 1, 'inner map')}\n`);
}
