import { expect } from 'chai';
import fc from 'fast-check';
import { isScalarProblem, readPlain, readPlainKey } from './scalar.ts';

/** What sigs.k8s.io/yaml 1.6 (go.yaml.in/yaml 2.4) makes of each, as JSON, where YAML 1.2 makes the same of it. */
const AGREED: readonly (readonly [string, unknown])[] = [
  ['a', 'a'],
  ['a b', 'a b'],
  ['é', 'é'],
  ['yes please', 'yes please'],
  ['tRue', 'tRue'],
  ['nO', 'nO'],
  ['-y', '-y'],
  ['true', true],
  ['True', true],
  ['FALSE', false],
  ['~', null],
  ['Null', null],
  ['', null],
  ['0', 0],
  ['-0', 0],
  ['00', 0],
  ['+5', 5],
  ['007', 7],
  ['08', 8],
  ['0o10', 8],
  ['0x1F', 31],
  ['0x', '0x'],
  ['0xZZ', '0xZZ'],
  ['0o8', '0o8'],
  ['0b2', '0b2'],
  ['_1', '_1'],
  ['1.5', 1.5],
  ['1.', 1],
  ['.5', 0.5],
  ['-.5', -0.5],
  ['._5', '._5'],
  ['.5__7', '.5__7'],
  ['1e3', 1000],
  ['1E-2', 0.01],
  ['12e', '12e'],
  ['--1', '--1'],
  ['Infinity', 'Infinity'],
  ['9007199254740991', 9007199254740991],
  ['1:30', '1:30'],
  ['190:20:30', '190:20:30'],
  ['2001-01-01', '2001-01-01'],
  ['2001-12-14T21:59:43Z', '2001-12-14T21:59:43Z'],
  ['10.1.0.7', '10.1.0.7'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['00:11:22:33:44:55', '00:11:22:33:44:55'],
  ['2001:db8::1', '2001:db8::1'],
  ['::1', '::1'],
  ['=', '='],
  ['<<', '<<'],
  ['1,000', '1,000'],
];

/** What kubectl makes of scalars that YAML 1.2 reads otherwise. */
const DISPUTED: readonly (readonly [string, unknown])[] = [
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map(word => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map(word => [word, false] as const),
  ['010', 8],
  ['-010', -8],
  ['0b11', 3],
  ['-0b11', -3],
  ['0b-11', -3],
  ['0B1', 1],
  ['0X1f', 31],
  ['-0x10', -16],
  ['0x_1F', 31],
  ['1_000', 1000],
  ['1__0', 10],
  ['0_', 0],
  ['0_7', 7],
  ['1._5', 1.5],
  ['.5_7', 0.57],
];

describe('readPlain', () => {
  for (const [text, value] of AGREED) {
    it(`reads ${JSON.stringify(text)} as ${JSON.stringify(value)}, as kubectl does`, () => {
      expect(readPlain(text)).to.equal(value);
    });
  }

  for (const [text, value] of DISPUTED) {
    it(`refuses ${text}, says that kubectl reads ${value}, and how to quote it`, () => {
      const problem = `${text} is read as ${value} by kubectl: quote it ("${text}") if text is meant, or write ${value}`;
      expect(readPlain(text)).to.deep.equal({ problem });
    });
  }

  for (const text of [
    '9007199254740992',
    '-9007199254740992',
    '18446744073709551615',
    '0xffffffffffffffff',
    '1e17',
  ]) {
    it(`refuses ${text}, which JSON would round`, () => {
      expect(readPlain(text)).to.deep.equal({
        problem: `${text} is beyond 2^53-1 and would be rounded on its way: quote it ("${text}")`,
      });
    });
  }

  for (const text of ['.inf', '-.Inf', '.NaN', '1e400']) {
    it(`refuses ${text}, which is no JSON number`, () =>
      expect(isScalarProblem(readPlain(text))).to.equal(true));
  }

  it('reads every safe decimal integer as itself', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), value => readPlain(String(value)) === (value === 0 ? 0 : value)),
    );
  });

  it('answers a scalar or a problem for any text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const value = readPlain(text);
        return (
          value === null || isScalarProblem(value) || ['string', 'number', 'boolean'].includes(typeof value)
        );
      }),
    );
  });
});

describe('readPlainKey', () => {
  it('takes text, booleans and plain decimals as the names that kubectl gives them', () => {
    expect(['port', '443', '-1', 'true', 'False'].map(readPlainKey)).to.deep.equal([
      'port',
      '443',
      '-1',
      'true',
      'false',
    ]);
  });

  for (const text of ['010', '0x10', '+1', '1.5', '08', '1e3', 'no', '~', '', '<<']) {
    it(`refuses ${JSON.stringify(text)} as a name`, () =>
      expect(isScalarProblem(readPlainKey(text))).to.equal(true));
  }
});
