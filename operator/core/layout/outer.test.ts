import { expect } from 'chai';
import type { InnerMap } from '../../api/innermap.ts';
import { EMPTY_TYPES, type OuterMapSpec, type Template } from '../../api/outermap.ts';
import { problemsText, problemText } from '../../api/problem.ts';
import { outerMapOf } from '../testing/outermap.ts';
import { innerSpec, type OuterLayout, outerLayout } from './outer.ts';

interface Given extends Partial<Omit<OuterMapSpec, 'inner'>> {
  readonly inner?: Partial<Template>;
}

function layoutOf(given: Given): OuterLayout {
  const layout = outerLayout(outerMapOf(given));
  if (!layout.ok) throw new Error(problemsOf(given).join('; '));
  return layout.value;
}

function problemsOf(given: Given): readonly string[] {
  const layout = outerLayout(outerMapOf(given));
  return layout.ok ? [] : layout.problems.map(problemText);
}

const template = (inner: Partial<Template>) => layoutOf({ inner }).template;

describe('outerLayout', () => {
  it('gives the outer map and the template their sizes and flags', () => {
    const layout = layoutOf({
      key: 'ipv4',
      flags: ['NoPrealloc'],
      inner: { value: 'struct { u32 a; u64 b; } __attribute__((packed))' },
    });
    expect(layout.outer).to.deep.equal({
      type: 'HashOfMaps',
      keySize: 4,
      valueSize: 4,
      maxEntries: 16,
      flags: 1,
    });
    const { types, ...template } = layout.template;
    expect(template).to.deep.equal({
      type: 'Hash',
      keySize: 4,
      valueSize: 12,
      maxEntries: 64,
      flags: 0,
    });
    expect(types).to.include({ hasStruct: true });
    expect(layout.innerKey).to.include({ kind: 'integer' });
    expect(layout).not.to.have.any.keys('valueMask', 'ownedMask');
  });

  it('adds the flag without which the kernel makes no LPMTrie', () => {
    expect(template({ type: 'LPMTrie', key: 'cidr4' })).to.include({ keySize: 8, flags: 1 });
    expect(template({ type: 'LPMTrie', key: 'cidr6', flags: ['NoPrealloc', 'ReadOnlyProg'] }).flags).to.equal(
      0x81,
    );
    for (const key of ['struct { struct { __u32 bits; } l; u8 data[4]; }', 'u8[5]', 'u32[3]'])
      expect(template({ type: 'LPMTrie', key }), key).to.include({ flags: 1 });
  });

  it('knows the usual sizes of types that hold no declared entries', () => {
    expect(template({ type: 'RingBuf', maxEntries: 8192 })).to.include({
      keySize: 0,
      valueSize: 0,
      maxEntries: 8192,
    });
    const { key: _key, value: _value, ...rest } = outerMapOf({}).spec.inner;
    const bare = (type: Template['type']) => ({
      ...outerMapOf({}),
      spec: { ...outerMapOf({}).spec, inner: { ...rest, type } },
    });
    for (const type of [
      'DevMap',
      'CPUMap',
      'SockMap',
      'XSKMap',
      'PerfEventArray',
      'CgroupArray',
      'DevMapHash',
    ] as const) {
      const layout = outerLayout(bare(type));
      expect(layout.ok && layout.value.template, type).to.include({ keySize: 4, valueSize: 4 });
      expect(layout.ok && layout.value, type).not.to.have.any.keys('innerKey', 'innerValue');
    }
    expect(template({ type: 'StackTrace', value: 'u64[16]' })).to.include({ valueSize: 128 });
    expect(template({ type: 'Queue', value: 'u64' })).to.include({ keySize: 0, valueSize: 8 });
  });

  it('masks the fields that the program owns, and padding for comparisons', () => {
    const value = 'struct { u8 a; u32 b; struct { u16 c; } d[2]; }';
    const shown = (mask: Uint8Array | undefined) =>
      [...(mask ?? [])].map(byte => (byte === 0xff ? '+' : '-')).join('');
    const layout = layoutOf({ inner: { value, programOwned: ['b', 'd[1].c'] } });
    expect(shown(layout.ownedMask)).to.equal('++++----++--');
    expect(shown(layout.valueMask)).to.equal('+-------++--');
    expect(shown(layoutOf({ inner: { value } }).valueMask)).to.equal('+---++++++++');
    expect(layoutOf({ inner: { value } })).not.to.have.property('ownedMask');
    expect(layoutOf({ inner: { type: 'Queue', key: undefined, value } as never })).not.to.have.property(
      'valueMask',
    );
  });

  it('digests everything that decides how contents are encoded, and nothing else', () => {
    const digest = (given: Given) => layoutOf(given).digest;
    const first = digest({});
    expect(first).to.match(/^HashOfMaps key 4 .*; Hash key 4 value 4 .*; types [0-9a-f]{32}$/);
    expect(digest({ maxRemoval: { keys: 5 }, access: [], pin: 'other' })).to.equal(first);
    expect(digest({ key: ' u32 ; ' })).to.equal(first);
    const value = 'struct { u32 a; }';
    expect(digest({ inner: { value, programOwned: ['a'] } })).to.equal(digest({ inner: { value } }));
    const others: readonly Given[] = [
      { key: 'ipv4' },
      { maxEntries: 17 },
      { inner: { maxEntries: 65 } },
      { inner: { key: '__be32' } },
      { inner: { value: 's32' } },
      { inner: { flags: ['NoPrealloc'] } },
      { inner: { value: 'struct { u32 a; }' } },
    ];
    expect(new Set([first, ...others.map(digest)]).size).to.equal(others.length + 1);
  });

  const refused: readonly (readonly [Given, string])[] = [
    [{ key: 'u33' }, 'spec.key: Unknown type u33'],
    [{ type: 'ArrayOfMaps', key: 'ipv4' }, 'spec.key: Keys of an ArrayOfMaps are indexes: write u32'],
    [
      { type: 'ArrayOfMaps', flags: ['NoPrealloc'] },
      'spec.flags[0]: The kernel takes no NoPrealloc for ArrayOfMaps: leave it out, it takes NumaNode',
    ],
    [{ flags: ['ReadOnly'] }, 'spec.flags[0]: The kernel takes no ReadOnly for HashOfMaps: leave it out'],
    [
      { inner: { key: 'struct { u8 a; float b; }' } },
      'spec.inner.key: Floats are not read, and eBPF has none: write an integer type, or u8[4] for raw bytes (at struct { u8 a; >>>float b; }, character 16)',
    ],
    [{ inner: { value: 'void' } }, 'spec.inner.value: A void has no size'],
    [
      { inner: { type: 'Array', key: 'u64' } },
      'spec.inner.key: Keys of type Array are indexes: write u32 or int, or leave it out',
    ],
    [
      { inner: { type: 'LPMTrie', key: 'ipv4' } },
      'spec.inner.key: Keys of an LPMTrie begin with a u32 prefix length',
    ],
    [
      { inner: { type: 'LPMTrie', key: 'struct { __be32 bits; u8 data[4]; }' } },
      'spec.inner.key: Keys of an LPMTrie begin with a u32 prefix length',
    ],
    [
      { inner: { type: 'LPMTrie', key: 'struct { u32 bits; u8 data[257]; }' } },
      'spec.inner.key: Key of 264 bytes is too large: type LPMTrie takes at most 260',
    ],
    [{ inner: { type: 'Queue' } }, 'spec.inner.key: Type Queue has no key: leave it out'],
    [
      { inner: { type: 'XSKMap', value: 'u64' } },
      'spec.inner.value: Value of 8 bytes cannot be: type XSKMap takes 4 bytes',
    ],
    [
      { inner: { type: 'StackTrace', value: 'u8[12]' } },
      'spec.inner.value: Value of 12 bytes cannot be: type StackTrace takes a multiple of 8, at most 1016, bytes',
    ],
    [
      { inner: { type: 'PerCPUArray', value: 'u8[32769]' } },
      'spec.inner.value: Value of 32769 bytes is too large: type PerCPUArray takes at most 32768',
    ],
    [
      { inner: { flags: ['InnerMap'] } },
      'spec.inner.flags[0]: The kernel takes no InnerMap for Hash: leave it out',
    ],
    [
      { inner: { flags: ['ReadOnly'] } },
      'spec.inner.flags[0]: ReadOnly is of one file descriptor, not of the map: leave it out',
    ],
    [
      { inner: { maxEntries: 0 } },
      'spec.inner.maxEntries: maxEntries 0 is out of range: write 1 to 4294967295',
    ],
    [
      { inner: { type: 'RingBuf', maxEntries: 5000 } },
      'spec.inner.maxEntries: A RingBuf of 5000 bytes cannot be: its maxEntries is a power of two and at least a page, such as 8192',
    ],
    [
      { inner: { programOwned: ['a'] } },
      'spec.inner.programOwned[0]: No field a: it is of kind integer: name a field of value',
    ],
    [{ inner: { programOwned: [''] } }, 'spec.inner.programOwned[0]: Path is empty: name a field of value'],
    [
      { inner: { type: 'RingBuf', maxEntries: 4096, programOwned: ['a'] } },
      'spec.inner.programOwned[0]: Type RingBuf declares no value: name a field of value',
    ],
  ];
  for (const [given, message] of refused)
    it(`refuses ${JSON.stringify(given)} and says where and why`, () => {
      expect(problemsOf(given).map(text => text.slice(0, message.length))).to.deep.equal([message]);
    });

  it('says everything that is wrong at once', () => {
    const problems = problemsOf({
      key: 'x',
      flags: ['Mmapable'],
      inner: { key: 'x', value: 'x', maxEntries: 0 },
    });
    expect(problems.map(text => text.split(':')[0])).to.deep.equal([
      ...['spec.key', 'spec.flags[0]', 'spec.inner.key', 'spec.inner.value', 'spec.inner.maxEntries'],
    ]);
  });

  it('demands a key and a value where the type has them', () => {
    const { key: _key, value: _value, ...rest } = outerMapOf({}).spec.inner;
    const bare = (type: Template['type']) =>
      outerLayout({ ...outerMapOf({}), spec: { ...outerMapOf({}).spec, inner: { ...rest, type } } });
    const messages = (type: Template['type']) => {
      const layout = bare(type);
      return layout.ok ? [] : layout.problems.map(problem => problem.message);
    };
    expect(messages('Hash')).to.deep.equal([
      'Type Hash needs a key: write a type such as u32',
      'Type Hash needs a value: write a type such as u64',
    ]);
    expect(messages('LPMTrie')[0]).to.equal('Type LPMTrie needs a key: write a type such as cidr4');
    expect(messages('Array')).to.deep.equal(['Type Array needs a value: write a type such as u64']);
    expect(messages('StackTrace')).to.deep.equal(['Type StackTrace needs a value: write a type such as u64']);
  });

  it('has a rule for every type, or words for why there is none', () => {
    for (const type of EMPTY_TYPES)
      for (const problem of problemsOf({ inner: { type } })) expect(problem).to.match(/^spec\.inner/);
  });
});

describe('innerSpec', () => {
  function specOf(inner: Partial<Template>, maxEntries?: number): string {
    const spec = {
      outerMap: 'tenants',
      key: 1,
      sealed: false,
      ...(maxEntries === undefined ? {} : { maxEntries }),
    };
    const metadata = { name: 'web', namespace: 'team-a', labels: {}, annotations: {} };
    const innerMap: InnerMap = { kind: 'InnerMap', metadata, spec };
    const parsed = innerSpec(layoutOf({ inner }), innerMap);
    if (parsed.ok) return String(parsed.value.maxEntries);
    return problemsText(parsed.problems);
  }

  it('takes the template, and another maxEntries where the kernel does', () => {
    expect(specOf({})).to.equal('64');
    expect(specOf({}, 64)).to.equal('64');
    expect(specOf({}, 7)).to.equal('7');
    expect(specOf({ type: 'LPMTrie', key: 'cidr4', maxEntriesLimit: 1000 }, 1000)).to.equal('1000');
    expect(specOf({ type: 'PerCPUArray' }, 64)).to.equal('64');
    expect(specOf({ type: 'Array', flags: ['InnerMap'], maxEntriesLimit: 65 }, 65)).to.equal('65');
  });

  it('refuses more than the OuterMap lets InnerMaps have, and names the bound', () => {
    const message = (limit: number, given: number) =>
      `spec.maxEntries: maxEntries ${given} is above the ${limit} of OuterMap tenants: write ${limit} or less, or let its owner raise spec.inner.maxEntriesLimit`;
    expect(specOf({}, 65)).to.equal(message(64, 65));
    expect(specOf({ maxEntriesLimit: 80 }, 81)).to.equal(message(80, 81));
    expect(specOf({ maxEntriesLimit: 80 }, 80)).to.equal('80');
    // What was refused by another limit is read again
    expect(layoutOf({ inner: { maxEntriesLimit: 80 } }).digest).not.to.equal(layoutOf({}).digest);
  });

  it('refuses another where the kernel or compiled programs do not take it', () => {
    expect(specOf({ type: 'Array' }, 65)).to.match(
      /^spec\.maxEntries: An inner Array differs .* flag InnerMap/,
    );
    expect(specOf({ type: 'Array', flags: ['InnerMap'] }, 63)).to.match(
      /^spec\.maxEntries: An inner Array of 63 is smaller/,
    );
    expect(specOf({ type: 'PerCPUArray' }, 65)).to.match(
      /^spec\.maxEntries: An inner PerCPUArray must not differ/,
    );
    expect(specOf({ type: 'XSKMap' }, 65)).to.match(/^spec\.maxEntries: An inner XSKMap cannot differ/);
    expect(specOf({}, 0)).to.match(/^spec\.maxEntries: maxEntries 0 is out of range/);
    expect(specOf({ type: 'RingBuf', maxEntries: 4096 }, 5000)).to.match(
      /^spec\.maxEntries: A RingBuf of 5000/,
    );
  });
});
