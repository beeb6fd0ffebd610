import { expect } from 'chai';
import * as fc from 'fast-check';
import { hex } from '../bytes/hex.ts';
import { encode } from '../codec/encode.ts';
import { anyType, anyValueType } from '../testing/types.ts';
import { valueFor } from '../testing/values.ts';
import { fieldMask } from './padding.ts';
import { fieldLocation, fieldNames, hasFields } from './path.ts';
import { typeText } from './show.ts';
import { hasGcc, printed, withoutOurs } from './testing/gcc.ts';
import type { StructType, Type } from './type.ts';

describe('structOf and enumOf', function () {
  this.timeout(60_000);

  it('agree with the C compiler on every size, alignment and offset', function () {
    if (!hasGcc(this)) return;
    const structs = fc
      .sample(anyValueType, { numRuns: 1000, seed: 7 })
      .filter((type): type is StructType => hasFields(type))
      .slice(0, 150);
    expect(structs.length).to.be.greaterThan(50);
    expect(printed(structs.map(printing).join('\n'))).to.deep.equal(structs.map(layoutLine));
  });
});

describe('encode', function () {
  this.timeout(60_000);

  it('writes the bytes that the C compiler writes', function () {
    if (!hasGcc(this)) return;
    const typed = anyType.chain(type => fc.tuple(fc.constant(type), valueFor(type)));
    const cases = fc.sample(typed, { numRuns: 300, seed: 11 });
    const expected = cases.map(([type, value]) => {
      const bytes = new Uint8Array(type.size);
      encode(type, value, bytes, 0);
      return ` ${hex(bytes)}`;
    });
    const statements = cases.map(([type, value]) => {
      const fields = [...assignments(type, value, 'value.whole')].join(' ');
      return `{ typedef ${declared(type)}; static struct { type whole; } value; ${fields} show(&value.whole, sizeof(type)); puts(""); }`;
    });
    expect(printed(statements.join('\n'))).to.deep.equal(expected);
  });
});

let enums = 0;

/** As `type`. Enumerators are file-wide in C: each enum gets names of its own. */
function declared(type: Type): string {
  const text = typeText({
    kind: 'struct',
    packed: false,
    fields: [{ name: 'type', offset: 0, type }],
    size: 0,
    alignment: 1,
  });
  const field = text.slice('struct { '.length, text.lastIndexOf(';'));
  return withoutOurs(field).replace(/enum \{[^}]*\}/g, body => body.replace(/NAME_/g, `E${enums++}_`));
}

/** Size, alignment, and for each field the bytes that are its, in hex: bits of the field are ones. */
function layoutLine(type: StructType): string {
  const fields = fieldNames(type).map(name => {
    const place = fieldLocation(type, name);
    if (!place.ok) throw new Error(place.message);
    const bytes = new Uint8Array(type.size);
    const { size, kind } = place.type;
    const all = new Uint8Array(size).fill(0xff);
    bytes.set(kind === 'bits' ? (fieldMask(place.type) ?? all) : all, place.offset);
    return hex(bytes);
  });
  return [type.size, type.alignment, ...fields].join(' ');
}

function printing(type: StructType): string {
  const fields = fieldNames(type).map(name => {
    const place = fieldLocation(type, name);
    const isBits = place.ok && place.type.kind === 'bits';
    const set = isBits ? `value.${name} = -1;` : `memset(&value.${name}, 0xff, sizeof(value.${name}));`;
    return `memset(&value, 0, sizeof(value)); ${set} show(&value, sizeof(value));`;
  });
  return `{ typedef ${declared(type)}; static type value;
    printf("%zu %zu", sizeof(type), _Alignof(type)); ${fields.join('\n')} puts(""); }`;
}

/** Statements that give a variable of zeros this value. */
function* assignments(type: Type, value: unknown, to: string): Generator<string> {
  if (hasFields(type)) {
    for (const [name, part] of Object.entries(value as object)) {
      const place = fieldLocation(type, name);
      if (place.ok) yield* assignments(place.type, part, `${to}.${name}`);
    }
  } else if (type.kind === 'array')
    for (const [index, part] of (value as unknown[]).entries())
      yield* assignments(type.element, part, `${to}[${index}]`);
  else if (type.kind === 'bits') yield `${to} = ${numberText(type.base, value)};`;
  else if (type.kind === 'integer' || type.kind === 'enum' || type.kind === 'bool')
    yield `${to} = ${numberText(type, value)};`;
  else yield bytesText(type, value, to);
}

function numberText(type: Type, value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const named = type.kind === 'enum' ? type.enumerators.find(({ name }) => name === value)?.value : undefined;
  const bits = BigInt.asUintN(128, named ?? BigInt(value as string | number));
  const text = `((unsigned __int128)${bits >> 64n}ULL << 64 | ${BigInt.asUintN(64, bits)}ULL)`;
  const isNetwork = type.kind === 'integer' && type.byteOrder === 'network';
  return isNetwork ? `__builtin_bswap${type.size * 8}(${text})` : text;
}

/** What C has no literals for. */
function bytesText(type: Type, value: unknown, to: string): string {
  const bytes = new Uint8Array(type.size);
  encode(type, value, bytes, 0);
  return `memcpy(&${to}, (unsigned char[]){${bytes.join()}}, ${type.size});`;
}
