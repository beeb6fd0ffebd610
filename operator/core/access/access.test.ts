import { expect } from 'chai';
import type { AccessRule } from '../../api/outermap.ts';
import { problemsText } from '../../api/problem.ts';
import { keyBytes } from '../codec/keytext.ts';
import { typeOf } from '../testing/layouts.ts';
import { outerMapOf } from '../testing/outermap.ts';
import { accessOf, denial } from './access.ts';

function may(
  key: string,
  keys: AccessRule['keys'],
  wanted: string | number,
  namespace = 'team-a',
): boolean | string {
  const type = typeOf(key);
  const rule = keys === undefined ? { namespaces: ['team-*'] } : { namespaces: ['team-*'], keys };
  const access = accessOf(outerMapOf({ key, access: [rule] }), type);
  if (!access.ok) return problemsText(access.problems);
  const bytes = keyBytes(type, wanted);
  return bytes.ok ? access.value.mayDeclare(namespace, bytes.bytes) : bytes.message;
}

describe('accessOf', () => {
  it('allows all keys where a rule names none, to the namespaces that it names', () => {
    expect(may('u32', undefined, 7)).to.equal(true);
    expect(may('u32', undefined, 7, 'other')).to.equal(false);
    expect(may('u32', [], 7)).to.equal(false);
  });

  it('knows each namespace’s own rules, in any order of questions', () => {
    const key = typeOf('u32');
    const rules = [
      { namespaces: ['team-a'], keys: ['1'] },
      { namespaces: ['team-b'], keys: ['2'] },
    ];
    const access = accessOf(outerMapOf({ key: 'u32', access: rules }), key);
    if (!access.ok) throw new Error(problemsText(access.problems));
    const bytes = (number: number) => Uint8Array.of(number, 0, 0, 0);
    const own = { 'team-a': 1, 'team-b': 2, 'team-c': 0 };
    for (const namespaces of [Object.keys(own), Object.keys(own).toReversed(), Object.keys(own)])
      for (const namespace of namespaces)
        for (const number of [1, 2])
          expect(access.value.mayDeclare(namespace, bytes(number)), `${namespace} ${number}`).to.equal(
            own[namespace as keyof typeof own] === number,
          );
  });

  it('allows single keys in any spelling', () => {
    expect(may('u32', ['0x10'], 16)).to.equal(true);
    expect(may('u32', [16], 17)).to.equal(false);
    expect(may('struct { __be16 port; u8 proto; }', ['port=443,proto=6'], 'proto=6,port=443')).to.equal(true);
    expect(may('struct { __be16 port; u8 proto; }', ['port=443,proto=6'], 'port=443')).to.equal(false);
    expect(may('char[8]', ['a..b'], 'a..b')).to.equal(true);
    expect(may('mac', ['02:00:00:00:00:01'], '02-00-00-00-00-01')).to.equal(true);
  });

  it('allows ranges of integers, ends included', () => {
    for (const [wanted, answer] of [
      [9, false],
      [10, true],
      [19, true],
      [20, true],
      [21, false],
    ] as const)
      expect(may('__be16', ['10..20'], wanted), String(wanted)).to.equal(answer);
    expect(may('s64', ['-9223372036854775808..-1'], '-5')).to.equal(true);
    expect(may('enum { A, B, C }', ['1..2'], 'B')).to.equal(true);
    expect(may('enum { A, B, C }', ['C'], 'B')).to.equal(false);
  });

  it('allows addresses in a prefix, and prefixes that lie in it', () => {
    const keys = ['10.1.0.0/12'.replace('10.1', '10.0')];
    for (const [wanted, answer] of [
      ['10.0.0.0', true],
      ['10.15.255.255', true],
      ['10.16.0.0', false],
      ['11.0.0.0', false],
    ] as const)
      expect(may('ipv4', keys, wanted), wanted).to.equal(answer);
    expect(may('ipv4', ['0.0.0.0/0'], '255.255.255.255')).to.equal(true);
    expect(may('ipv6', ['2001:db8::/33'], '2001:db8:7fff::1')).to.equal(true);
    expect(may('ipv6', ['2001:db8::/33'], '2001:db8:8000::1')).to.equal(false);
    for (const [wanted, answer] of [
      ['10.1.0.0/16', true],
      ['10.1.2.0/24', true],
      ['10.0.0.0/8', false],
      ['10.2.0.0/16', false],
    ] as const)
      expect(may('cidr4', ['10.1.0.0/16'], wanted), wanted).to.equal(answer);
    expect(may('cidr6', ['2001:db8::/32'], '2001:db8:1::/48')).to.equal(true);
    expect(may('ipv4', ['10.1.0.7'], '10.1.0.7')).to.equal(true);
  });

  it('says what is wrong with a rule, and where', () => {
    const path = 'spec.access[0].keys[0]: ';
    expect(may('u32', ['5..x'], 1)).to.equal(`${path}"5..x" is no range: write a..b with two integers`);
    expect(may('u32', ['9..5'], 1)).to.equal(`${path}Range 9..5 is empty: write the smaller number first`);
    expect(may('u8', ['0..256'], 1)).to.equal(`${path}Range 0..256 leaves the type: it takes 0 to 255`);
    expect(may('ipv4', ['10.1.0.7/16'], '1.1.1.1')).to.equal(
      `${path}"10.1.0.7/16" has bits behind the prefix: write 10.1.0.0/16`,
    );
    expect(may('ipv4', [7], '1.1.1.1')).to.equal(
      `${path}7 is a number: write an IPv4 address such as 10.1.0.7 in quotes`,
    );
    expect(may('u32', ['10.0.0.0/8'], 1)).to.match(/is not an integer/);
  });
});

describe('denial', () => {
  const message = (rules: readonly AccessRule[], namespace: string) => {
    const access = accessOf(outerMapOf({ access: rules }), typeOf('u32'));
    return access.ok ? denial(access.value, namespace, '99') : '';
  };
  const ask = 'ask the owner of the OuterMap to extend spec.access';

  it('names what the namespace may declare', () => {
    const rules = [{ namespaces: ['team-a'], keys: ['1..5', 7] }, { namespaces: ['b'] }];
    expect(message(rules, 'team-a')).to.equal(
      `Namespace team-a may not declare key 99: it may declare 1..5, 7; ${ask}`,
    );
    expect(message([{ namespaces: ['a'], keys: [] }], 'a')).to.equal(
      `Namespace a may not declare key 99: it may declare no keys; ${ask}`,
    );
  });

  it('names whom the rules name, at most five, where they do not name the namespace', () => {
    const rules = [{ namespaces: ['a', 'b', 'c', 'd', 'e', 'f'] }];
    expect(message(rules, 'x')).to.equal(
      `Namespace x may not declare key 99: no rule names it, rules name a, b, c, d, e and 1 more; ${ask}`,
    );
    expect(message([], 'x')).to.match(/has no rules, so nobody may/);
  });
});
