import { expect } from 'chai';
import { outerMap, outerSpec, problems } from './testing/build.ts';

describe('parseOuterMap: defaults', () => {
  it('fills in every default', () => {
    expect(outerSpec()).to.deep.equal({
      type: 'HashOfMaps',
      maxEntries: 16,
      key: 'ipv4',
      flags: [],
      inner: { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32', flags: [], programOwned: [] },
      pinMode: 0o600,
      provision: 'Create',
      undeclaredKeys: 'Remove',
      maxRemoval: { percent: 50 },
      deletionPolicy: 'Retain',
      access: [{ namespaces: ['team-*'] }],
    });
  });

  it('keeps undeclared keys of an adopted map, unless it says to remove them', () => {
    expect(outerSpec({ provision: 'Adopt', pin: 'tc/tenants' }).undeclaredKeys).to.equal('Keep');
    expect(outerSpec({ provision: 'Adopt', pin: 'tc', undeclaredKeys: 'Remove' }).undeclaredKeys).to.equal(
      'Remove',
    );
    expect(outerSpec({ undeclaredKeys: 'Keep' }).undeclaredKeys).to.equal('Keep');
  });

  it('takes a field without a value as absent, as the API server does', () => {
    expect(outerSpec({ pin: null, flags: null, maxRemoval: null, nodeSelector: null })).to.deep.equal(
      outerSpec(),
    );
  });

  it('gives an ArrayOfMaps the key u32 whatever its name', () => {
    for (const key of [undefined, 'u32', '__u32', 'uint32_t', ' __u32 ']) {
      expect(outerSpec({ type: 'ArrayOfMaps', key }).key).to.equal('u32');
    }
  });

  it('maxEntriesLimit of inner maps is at least the template’s maxEntries', () => {
    const inner = { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32' };
    expect(outerSpec({ inner: { ...inner, maxEntriesLimit: 64 } }).inner.maxEntriesLimit).to.equal(64);
    expect(problems(outerMap({ inner: { ...inner, maxEntriesLimit: 63 } }))).to.deep.equal([
      'spec.inner.maxEntriesLimit: Must be at least maxEntries, which an InnerMap has that says nothing',
    ]);
  });

  it('gives a storage map maxEntries 0', () => {
    expect(outerSpec({ inner: { type: 'SkStorage', key: 'u32', value: 'u32' } }).inner.maxEntries).to.equal(
      0,
    );
  });
});

describe('parseOuterMap: single fields', () => {
  const modes: [unknown, number | undefined][] = [
    ['0600', 0o600],
    ['0644', 0o644],
    ['666', 0o666],
    ['0777', 0o777],
    ['0400', undefined],
    ['0060', undefined],
    ['4600', undefined],
    ['0o600', undefined],
    ['0800', undefined],
    ['600 ', undefined],
    ['', undefined],
    [384, undefined],
    [true, undefined],
  ];
  for (const [mode, expected] of modes) {
    it(`pinMode ${JSON.stringify(mode)} is ${expected ?? 'refused'}`, () => {
      if (expected !== undefined) expect(outerSpec({ pinMode: mode }).pinMode).to.equal(expected);
      else
        expect(problems(outerMap({ pinMode: mode })).join()).to.match(/^spec\.pinMode: Must be a file mode/);
    });
  }

  const removals: [unknown, object | undefined][] = [
    ['0%', { percent: 0 }],
    ['50%', { percent: 50 }],
    ['100%', { percent: 100 }],
    [0, { keys: 0 }],
    [25, { keys: 25 }],
    ['101%', undefined],
    ['050%', undefined],
    ['50 %', undefined],
    ['5.5%', undefined],
    ['-1%', undefined],
    ['50', undefined],
    [-1, undefined],
    [0.5, undefined],
    [Number.NaN, undefined],
  ];
  for (const [removal, expected] of removals) {
    it(`maxRemoval ${JSON.stringify(removal)} is ${expected === undefined ? 'refused' : JSON.stringify(expected)}`, () => {
      if (expected !== undefined)
        expect(outerSpec({ maxRemoval: removal }).maxRemoval).to.deep.equal(expected);
      else
        expect(problems(outerMap({ maxRemoval: removal })).join()).to.match(
          /^spec\.maxRemoval: Must be a percentage/,
        );
    });
  }

  const pins: [string, RegExp | undefined][] = [
    ['tenants', undefined],
    ['tc/globals/tenants', undefined],
    ['innermaps', undefined],
    ['edge/innermap', undefined],
    ['ä', undefined],
    ['p'.repeat(255), undefined],
    ['', /not empty$/],
    ['/tenants', /relative to the bpffs/],
    ['tc//x', /no empty parts/],
    ['tc/', /no empty parts/],
    ['a.b', /no dots/],
    ['..', /no dots/],
    ['a b', /no blanks/],
    ['a\tb', /no blanks/],
    ['a\0b', /no blanks/],
    ['innermap', /not be below innermap/],
    ['innermap/x', /not be below innermap/],
    ['p'.repeat(256), /at most 255 bytes/],
    ['ä'.repeat(128), /at most 255 bytes/],
    ['p/'.repeat(600), /at most 1024 characters/],
  ];
  for (const [pin, refusal] of pins) {
    it(`pin ${JSON.stringify(pin.slice(0, 20))} (${pin.length}) is ${refusal === undefined ? 'taken' : 'refused'}`, () => {
      if (refusal === undefined) expect(outerSpec({ pin }).pin).to.equal(pin);
      else expect(problems(outerMap({ pin })).join()).to.match(refusal);
    });
  }

  it('maxEntries takes its bounds and refuses what lies beyond, with both named', () => {
    expect(outerSpec({ maxEntries: 1 }).maxEntries).to.equal(1);
    expect(outerSpec({ maxEntries: 16_777_216 }).maxEntries).to.equal(16_777_216);
    expect(problems(outerMap({ maxEntries: 16_777_217 }))).to.deep.equal([
      'spec.maxEntries: Must be an integer from 1 to 16777216, not the number 16777217',
    ]);
    for (const wrong of [0, -1, 1.5, Number.POSITIVE_INFINITY, 2n ** 70n, [], {}, true]) {
      expect(problems(outerMap({ maxEntries: wrong })).length).to.equal(1);
    }
    expect(problems(outerMap({ maxEntries: '16' }))[0]).to.match(/not the text "16": take the quotes away$/);
  });

  it('access is required and never empty', () => {
    expect(problems(outerMap({ access: undefined }))[0]).to.match(
      /^spec\.access: Missing: who may declare which keys/,
    );
    expect(problems(outerMap({ access: [] }))[0]).to.match(/^spec\.access: Must have at least 1 item/);
    expect(problems(outerMap({ access: [{}] }))[0]).to.match(/^spec\.access\[0\]\.namespaces: Missing/);
    expect(problems(outerMap({ access: [{ namespaces: [] }] }))[0]).to.match(
      /namespaces: Must have at least 1 item/,
    );
    expect(problems(outerMap({ access: [{ namespaces: ['a'], key: [1] }] }))).to.deep.equal([
      'spec.access[0].key: Unknown field: did you mean keys',
    ]);
  });

  it('access keys are integers or text; a fraction was meant as text', () => {
    const keys = [0, '1..9', '10.0.0.0/8', 'port=443,proto=6'];
    expect(outerSpec({ access: [{ namespaces: ['*'], keys }] }).access).to.deep.equal([
      { namespaces: ['*'], keys },
    ]);
    expect(problems(outerMap({ access: [{ namespaces: ['*'], keys: [10.1, true] }] }))).to.deep.equal([
      'spec.access[0].keys[0]: Must be a key, a range of integers such as 0..99, or a prefix such as 10.1.0.0/16, not the number 10.1: put it in quotes',
      'spec.access[0].keys[1]: Must be a key, a range of integers such as 0..99, or a prefix such as 10.1.0.0/16, not the boolean true: put it in quotes',
    ]);
  });

  it('a word in other letters is refused with the right one', () => {
    expect(
      problems(outerMap({ inner: { type: 'hash', maxEntries: 1, key: 'u32', value: 'u32' } }))[0],
    ).to.match(/: did you mean Hash$/);
    expect(problems(outerMap({ flags: ['no_prealloc'] }))[0]).to.match(/: did you mean NoPrealloc$/);
  });

  it('a type and a flag that no map can have are refused by name, with the reason', () => {
    const inner = { maxEntries: 1, key: 'u32', value: 'u32' };
    expect(problems(outerMap({ inner: { ...inner, type: 'ProgArray' } }))[0]).to.match(
      /not the text "ProgArray": the kernel takes no program array into an outer map$/,
    );
    expect(problems(outerMap({ inner: { ...inner, type: 'Hash', flags: ['TokenFd'] } }))[0]).to.match(
      /not the text "TokenFd": it is of the call that makes the map, not of the map$/,
    );
  });

  it('a keyless type refuses a key, others need one', () => {
    for (const type of ['RingBuf', 'Queue', 'Stack', 'BloomFilter']) {
      expect(problems(outerMap({ inner: { type, maxEntries: 4096, key: 'u32' } })).join()).to.contain(
        `a ${type} has no key`,
      );
    }
    expect(
      problems(outerMap({ inner: { type: 'LPMTrie', maxEntries: 1 } })).map(text => text.split(':')[0]),
    ).to.deep.equal(['spec.inner.key', 'spec.inner.value']);
    expect(outerSpec({ inner: { type: 'Array', maxEntries: 1, value: 'u32' } }).inner).not.to.have.any.keys(
      'key',
    );
    expect(outerSpec({ inner: { type: 'DevMap', maxEntries: 1 } }).inner).not.to.have.any.keys(
      'key',
      'value',
    );
    expect(outerSpec({ inner: { type: 'RingBuf', maxEntries: 4096 } }).inner).to.not.have.any.keys(
      'key',
      'value',
    );
  });
});
