import type { Mutant } from '../mutant.js';

const LAYOUT = 'operator/core/layout/';
const COMPARED = 'dist/operator/core/plan/compared.test.js';
const DIFFERENCE = 'dist/operator/core/plan/difference.test.js';
const SHAPES = ['dist/operator/core/layout/difference.test.js'];
const TURNS = ['dist/operator/agent/layout.test.js'];
const FAILING = ['dist/operator/agent/recreatefailing.test.js'];
const RECREATED = ['dist/operator/agent/recreate.test.js'];

export const layoutMutants: readonly Mutant[] = [
  {
    name: 'the mask is ignored for values above 8 bytes',
    file: 'operator/core/plan/difference.ts',
    from: 'if (mask === undefined) return false;\n    for (let byte = 0',
    to: 'if (mask === undefined || stride > 8) return false;\n    for (let byte = 0',
    specs: [COMPARED],
  },
  {
    name: 'every written entry counts as one with bytes to keep',
    file: 'operator/core/plan/difference.ts',
    from: 'this.#pairs[2 * at + 1] === -1 ? 0 : 1;',
    to: '1;',
    specs: [DIFFERENCE],
  },
  {
    name: 'padding is kept as the program left it where an entry is written',
    file: 'operator/core/plan/difference.ts',
    from: 'const { stride, owned } = this.#by;',
    to: 'const { stride, mask: owned } = this.#by;',
    specs: [DIFFERENCE],
  },
  {
    name: 'the mask of a per-CPU value is taken at its unrounded length',
    file: 'operator/core/plan/compared.ts',
    from: 'Math.ceil(mask.length / 8) * 8',
    to: 'mask.length',
    specs: [COMPARED],
  },
  {
    name: 'what lies behind each CPU’s value is compared',
    file: 'operator/core/plan/compared.ts',
    from: 'repeated(mask, stride, 0) }',
    to: 'repeated(mask, stride, 0xff) }',
    specs: [COMPARED],
  },
  {
    name: 'a per-CPU value without padding of its own is compared with what lies behind it',
    file: 'operator/core/plan/compared.ts',
    from: 'template.valueSize % 8 !== 0',
    to: 'template.valueSize < 0',
    specs: [COMPARED],
  },
  {
    name: 'entries proven by one list of programOwned count as proven by another',
    file: 'operator/core/plan/keychanges.ts',
    from: 'return a === b || (a !== undefined && b !== undefined && equalBytes(a, b));',
    to: 'return a === b || true || equalBytes(a!, b!);',
    specs: TURNS,
  },
  {
    name: 'padding at the end of an array’s elements is a field',
    file: 'operator/core/types/padding.ts',
    from: "if (type.kind === 'array') return isPadded(type.element);",
    to: '',
    specs: [COMPARED],
  },
  {
    name: 'a key whose padding is not zero has the text of another key',
    file: 'operator/core/codec/keytext.ts',
    from: 'if (hasDirtyPadding(type, bytes, at)) return rawText(bytes, at, type.size);\n',
    to: '',
    specs: ['dist/operator/core/codec/keytext.test.js'],
  },
  {
    name: 'get shows a key whose padding is not zero as another key',
    file: 'operator/core/codec/keytext.ts',
    from: 'return hasDirtyPadding(type, bytes, at) ? rawText(bytes, at, type.size) : decode(type, bytes, at);',
    to: 'return decode(type, bytes, at);',
    specs: ['dist/operator/core/codec/entries.test.js'],
  },
  {
    name: 'the entries of an Array may change their number',
    file: `${LAYOUT}difference.ts`,
    from: "return isArray(type) || type === 'XSKMap';",
    to: "return type === 'XSKMap' && isArray(type);",
    specs: SHAPES,
  },
  {
    name: 'byte order is no part of a layout',
    file: `${LAYOUT}difference.ts`,
    from: "type.byteOrder === 'network' ? 'be' : ''",
    to: "type.byteOrder === 'network' ? '' : ''",
    specs: SHAPES,
  },
  {
    name: 'a field that moved is not named',
    file: `${LAYOUT}difference.ts`,
    from: 'if (found !== undefined || before.offset === now.offset) return found;',
    to: 'if (found !== undefined || before.offset >= 0) return found;',
    specs: SHAPES,
  },
  {
    name: 'a record of the first release, with program-owned bytes and without declarations, is another layout',
    file: `${LAYOUT}recorded.ts`,
    from: '[layout.digest, digestWithOwned(layout)]',
    to: '[layout.digest, digestWithOwned(layout).slice(1)]',
    specs: ['dist/operator/core/layout/recorded.test.js'],
  },
  {
    name: 'plan says that the API server takes a struct with one more part',
    file: 'operator/core/compare/immutable.ts',
    from: 'return old.length === now.length && [',
    to: 'return old.length > 0 && now.length > 0 && [',
    specs: ['dist/operator/core/compare/applied.test.js'],
  },
  {
    name: 'a new outer map takes the place of the old one without those inner maps that failed',
    file: 'operator/agent/apply/recreate.ts',
    from: 'if (first?.ok === false)',
    to: 'if (first?.ok === false && missing.length < 0)',
    specs: RECREATED,
  },
  {
    name: 'the record names another map than the one that takes the place of the old one',
    file: 'operator/agent/apply/recreate.ts',
    from: 'taking: { id, ',
    to: 'taking: { id: id + 1, ',
    specs: RECREATED,
  },
  {
    name: 'a new outer map may lack keys beyond the brake',
    file: 'operator/core/plan/plan.ts',
    from: 'if (removal !== undefined) return { ...draft, refused',
    to: 'if (removal !== undefined && unread) return { ...draft, refused',
    specs: RECREATED,
  },
  {
    name: 'an InnerMap that does not fit the new layout is left behind',
    file: 'operator/core/plan/outer/recreation.ts',
    from: 'for (const { object, reason, message } of kept.values())',
    to: 'for (const { object, reason, message } of [...kept.values()].slice(1))',
    specs: RECREATED,
  },
  {
    name: 'inner maps of an unfinished outer map take the pins of those that programs have',
    file: 'operator/agent/apply/recreate.ts',
    from: 'applyWrites(writes as Inserts, context, (write, map) => done(write, map.id))',
    to: 'applyWrites(writes as Inserts, context)',
    specs: FAILING,
  },
  {
    name: 'a new outer map that the record counts already is dropped when the next step fails',
    file: 'operator/agent/apply/recreate.ts',
    from: 'if (!placed.ok) return',
    to: 'if (!placed.ok) await dropUnfinished(step, context);\n    if (!placed.ok) return',
    specs: FAILING,
  },
  {
    name: 'a new outer map goes to the recorded pin, though another is declared by now',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: '{ ...rest, pin: spec.pin };',
    to: '{ ...rest, pin: recorded ?? spec.pin };',
    specs: FAILING,
  },
  {
    name: 'an unfinished outer map stays while the layout is refused',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: '...pinChanges(name, found), ...drops];',
    to: '...pinChanges(name, found)];',
    specs: FAILING,
  },
  {
    name: 'pins of inner maps that a crash left unsettled stay so while the layout is refused',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: '...pinChanges(name, found), ...drops];',
    to: '...drops];',
    specs: FAILING,
  },
  {
    name: 'another pin is declared, and what was read at the one before counts',
    file: 'operator/agent/observe/observe.ts',
    from: 'due.resync || known.stale || known.pinPath !== pinPathOf(kernel, desired)',
    to: 'due.resync || known.stale || pinPathOf(kernel, desired) === null',
    specs: FAILING,
  },
  {
    name: 'after a takeover the pins of inner maps count as they were read before',
    file: 'operator/agent/fold.ts',
    from: '      known.pins.clear();\n      known.stale = true;\n',
    to: '      known.stale = true;\n',
    specs: FAILING,
  },
];
