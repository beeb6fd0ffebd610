import { expect } from 'chai';
import { fieldText } from '../../api/problem.ts';
import { costAgainst, LINEAR } from '../../testing/cost.ts';
import { typeOf } from '../testing/layouts.ts';
import { parseDeclaration } from './declaration.ts';
import { fieldLocation, unknownField } from './path.ts';
import type { Type } from './type.ts';

const declaration = parseDeclaration('struct { __u8 a; struct { __u32 hits; } stats[2]; mac address; }');
const type = (declaration as { type: Type }).type;

function placeText(path: string): string {
  const place = fieldLocation(type, path);
  return place.ok ? `${fieldText(place.path)} at ${place.offset} is ${place.type.kind}` : place.message;
}

describe('placeOf', () => {
  it('finds fields and elements at their offsets', () => {
    expect(placeText('')).to.equal(' at 0 is struct');
    expect(placeText('stats')).to.equal('stats at 4 is array');
    expect(placeText('stats[1].hits')).to.equal('stats[1].hits at 8 is integer');
  });

  it('says what is wrong with any other path', () => {
    expect(placeText('stat')).to.equal(
      'Unknown field "stat": did you mean stats? Fields are a, stats, address',
    );
    expect(placeText('stats[2]')).to.equal('Element [2] is outside: the array has [0] to [1] (in stats)');
    expect(placeText('a.b')).to.equal('No field b: it is of kind integer (in a)');
    expect(placeText('a[0]')).to.equal('No element [0]: it is of kind integer (in a)');
    for (const path of ['.a', 'a.', 'stats[]', 'stats[-1]', 'stats[1]hits', '[', 'a b', 'stats[99999999]'])
      expect(placeText(path), path).to.equal(
        `${JSON.stringify(path)} is no field path: write field.part or field[0]`,
      );
  });
});

describe('fieldLocation of a type of many fields', () => {
  it('costs the same for the last as for the first', async () => {
    const names = Array.from({ length: 2500 }, (_, at) => `f${at}`);
    for (const text of [`struct { u8 ${names}; }`, `struct { struct { u8 ${names}; }; }`]) {
      const wide = typeOf(text);
      const times = (name: string) => () => {
        for (let time = 0; time < 4000; time += 1) fieldLocation(wide, name);
      };
      expect(fieldLocation(wide, 'f2499')).to.include({ ok: true, offset: 2499 });
      expect(await costAgainst(times('f0'), times('f2499'))).to.be.lessThan(LINEAR);
    }
  });

  it('finds the first of a name, and the way through what is anonymous', () => {
    const of = typeOf('struct { u32 a; struct { u16 b; union { u8 c; u16 d; }; }; u8 e; }');
    const place = fieldLocation(of, 'd');
    expect(place.ok && [place.offset, place.steps.map(({ part }) => part)]).to.deep.equal([6, [1, 1, 1]]);
  });
});

describe('unknownField', () => {
  it('says what YAML made of a name without quotes', () => {
    expect(unknownField('false', ['on', 'off'])).to.equal(
      'Unknown field "false": YAML reads off without quotes as false, write "off"',
    );
    expect(unknownField('true', ['off'])).to.match(/^Unknown field "true": Fields are off$/);
  });

  it('bounds what it repeats and lists', () => {
    const names = Array.from({ length: 30 }, (_, index) => `field_number_${index}`);
    const message = unknownField('z'.repeat(1000), names);
    expect(message.length).to.be.lessThan(600);
    expect(message).to.match(/field_number_19 …$/);
  });
});
