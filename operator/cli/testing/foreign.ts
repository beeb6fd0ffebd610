import { parse } from 'yaml';
import { parseInnerMap, parseOuterMap } from '../../api/parse/manifest.ts';
import { encodeInner } from '../../core/encodedinner.ts';
import type { Entries } from '../../core/entries.ts';
import { outerLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { runToEnd } from '../../core/steps.ts';
import type { Wanted, WantedInner } from '../../core/wanted.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/** An outer map that somebody else's loader made, filled and pinned. `maps`: outer key → contents. */
export interface Foreign {
  readonly pin: string;
  readonly outer: MapSpec;
  readonly template: MapSpec;
  readonly maps: readonly {
    readonly key: Uint8Array;
    readonly entries: Entries;
    readonly spec?: MapSpec;
    readonly freeze?: boolean;
  }[];
}

export async function makeForeign(kernel: Kernel, { pin, outer, template, maps }: Foreign): Promise<void> {
  const { pins } = kernel;
  const made = kernel.createOuter(outer, template, 'foreign');
  pins.makeDirectory(pin.slice(0, pin.lastIndexOf('/')));
  pins.pin(made, pin, 0o600);
  const requests = maps.map(({ entries, spec = template, freeze = false }, at) => {
    return {
      spec,
      name: 'inner',
      label: `inner ${at}`,
      entries,
      freeze,
      pins: [`${pins.root}/foreign${at}`],
    };
  });
  const inners = (await kernel.build(requests)).map(inner => {
    if (inner instanceof Error) throw inner;
    return inner;
  });
  const keys = new Uint8Array(Buffer.concat(maps.map(({ key }) => key)));
  const [refused] = (await kernel.replace(made, keys, inners)).values();
  if (refused !== undefined) throw refused;
  for (const [at, inner] of inners.entries()) {
    inner.close();
    pins.unlink(requests[at]!.pins[0]!);
  }
  made.close();
}

/** Entries of `count` keys and values that `key` and `value` write into views. */
export function entriesOf(
  sizes: { key: number; value: number },
  rows: readonly (readonly [readonly number[], readonly number[]])[],
): Entries {
  const row = (bytes: readonly number[], size: number) =>
    Buffer.concat([Buffer.from(bytes), Buffer.alloc(size - bytes.length)]);
  return {
    count: rows.length,
    keys: new Uint8Array(Buffer.concat(rows.map(([key]) => row(key, sizes.key)))),
    values: new Uint8Array(Buffer.concat(rows.map(([, value]) => row(value, sizes.value)))),
  };
}

/** What exported documents declare, as a source would give it. */
export function wantedOf(yaml: string, possibleCpus: number): Wanted {
  const documents = yaml.split(/^---\n/m).map(text => parse(text, { version: '1.1' }) as { kind: string });
  const outerMaps = documents
    .filter(({ kind }) => kind === 'OuterMap')
    .map(document => must(parseOuterMap(document)));
  const layout = must(outerLayout(outerMaps[0]!));
  const innerMaps = documents
    .filter(({ kind }) => kind === 'InnerMap')
    .map((document): WantedInner => {
      const manifest = must(parseInnerMap(document));
      const content = runToEnd(encodeInner(manifest, { layout, possibleCpus }));
      if (content.kind === 'invalid') throw new Error(content.message);
      return { innerMap: manifest.innerMap, content };
    });
  return { outerMaps, innerMaps, complete: true, refusals: [], releases: [] };
}

function must<T>(
  parsed: { ok: true; value: T } | { ok: false; problems: readonly { message: string }[] },
): T {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
}
