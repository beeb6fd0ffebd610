import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { suggestion } from '../../api/nearest.ts';
import { printable } from '../../api/text/printable.ts';
import { type MapDefinition, mapDefinitions } from '../../core/btf/reading/definitions.ts';
import { type Btf, btfType } from '../../core/btf/reading/read.ts';
import { BPFFS, directory } from '../arguments/options.ts';
import { type Command, EXIT, type Given, type Ports, type Terminal, UsageError } from '../command.ts';
import { note } from '../terminal/note.ts';
import { yamlText } from '../terminal/yaml.ts';
import { declarationText } from './declaration.ts';
import { isOuterDefinition } from './definition.ts';
import { definedFragment, type Fragment } from './fragment.ts';
import { objectBtf } from './objectfile.ts';
import { pinnedFragment } from './pinned.ts';

export const TYPES: Command = {
  name: 'types',
  summary: 'print the types of a program’s maps as declarations to paste',
  usage: 'FILE|PIN [MAP|TYPE]',
  operands: { least: 1, most: 2 },
  options: [BPFFS],
  notes: [
    'FILE is the object file of a program, compiled with -g: what its outer maps are, as it stands below spec of an OuterMap.\nWith MAP: of this map alone. With TYPE: one struct, union, enum or typedef.',
    'PIN is a map below the bpffs: its types are those that the map was made with, that inner maps of it were made with, or\nthat a program which uses it has. Needs root; with FILE nothing but to read it.',
  ],
  examples: [
    { line: 'types prog.bpf.o', says: 'the outer maps that a program defines' },
    { line: 'types prog.bpf.o tenants', says: 'one of its maps' },
    { line: 'types prog.bpf.o tenant_rule', says: 'one of its types' },
    { line: 'types /sys/fs/bpf/tenants', says: 'what is pinned there' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const [place = '', name] = given.operands;
  const root = directory(given);
  const { terminal } = ports;
  if (!isBelow(place, root) && existsSync(place)) {
    const btf = objectBtf(place);
    if (name === undefined) printMaps(place, btf, terminal);
    else printNamed({ file: place, btf, name }, terminal);
    return EXIT.done;
  }
  if (name !== undefined)
    throw new UsageError(`Cannot find ${place}: no such file, and a pin takes no MAP or TYPE`, 'types');
  await printPinned(resolve(root, place), root, ports);
  return EXIT.done;
}

function isBelow(place: string, root: string): boolean {
  return resolve(place).startsWith(`${root}/`);
}

async function printPinned(pin: string, root: string, { openKernel, terminal }: Ports): Promise<void> {
  const kernel = openKernel(root);
  try {
    const { fragment, notes } = await pinnedFragment(kernel, pin);
    for (const text of notes) note(terminal, text);
    print(terminal, [[pin, fragment]]);
  } finally {
    kernel.close();
  }
}

/** All outer maps; where none is defined, all maps. */
function printMaps(file: string, btf: Btf, terminal: Terminal): void {
  const definitions = mapDefinitions(btf);
  if (definitions.length === 0)
    throw new Error(
      `Cannot find a map in ${file}: it defines none as libbpf reads them (struct { … } NAME SEC(".maps"))`,
    );
  const outers = definitions.filter(isOuterDefinition);
  const shown = outers.length === 0 ? definitions : outers;
  print(
    terminal,
    shown.map(each => [each.name, definedFragment(btf, each)]),
  );
  const others = definitions.filter(each => !shown.includes(each)).map(({ name }) => name);
  if (others.length > 0) note(terminal, `It defines ${others.join(', ')} too: name one to see its types`);
  for (const { name } of outers.filter(({ inner }) => inner === undefined))
    note(
      terminal,
      `The definition of ${name} has no template (__array(values, …)): name the type, or the map, that its inner maps are like`,
    );
}

interface Named {
  readonly file: string;
  readonly btf: Btf;
  readonly name: string;
}

function printNamed({ file, btf, name }: Named, terminal: Terminal): void {
  const definitions = mapDefinitions(btf);
  const definition = definitions.find(each => each.name === name);
  if (definition !== undefined) {
    print(terminal, [[name, definedFragment(btf, definition)]]);
    return;
  }
  const types = typesIn(btf);
  const id = types.get(name.replace(/^(struct|union|enum) /, ''));
  if (id === undefined) throw unknownName({ file, btf, name }, [...names(definitions), ...types.keys()]);
  const text = declarationText({ btf, id, size: 0, isPrefix: false })!;
  terminal.out(text.endsWith('\n') ? text : `${text}\n`);
}

function names(definitions: readonly MapDefinition[]): readonly string[] {
  return definitions.map(({ name }) => name);
}

function unknownName({ file, name }: Named, candidates: readonly string[]): UsageError {
  return new UsageError(
    `Cannot find ${name} in ${file}: it is no map and no type there${suggestion(name, candidates)}`,
    'types',
  );
}

const NAMED: ReadonlySet<string> = new Set(['Struct', 'Union', 'Enum', 'Enum64', 'Typedef']);

/** The first type of each name. */
function typesIn(btf: Btf): ReadonlyMap<string, number> {
  const types = new Map<string, number>();
  for (const id of btf.places.keys()) {
    const type = btfType(btf, id);
    if (type !== undefined && type.name !== '' && NAMED.has(type.kind) && !types.has(type.name))
      types.set(type.name, id);
  }
  return types;
}

function print(terminal: Terminal, maps: readonly (readonly [name: string, fragment: Fragment])[]): void {
  for (const [at, [name, fragment]] of maps.entries())
    terminal.out(`${at === 0 ? '' : '---\n'}# ${printable(name)}\n${yamlText(fragment)}`);
}
