import fc from 'fast-check';
import { type DocumentProblem, documentsOf, type ManifestDocument } from '../text/documents.ts';

/** For tests: scalars of all kinds, right, doubtful and broken. */
const SCALARS = [
  ...[
    'a',
    'no',
    '010',
    '0x1F',
    '1_000',
    '-0',
    '1.5',
    '10.1.0.7',
    '::1',
    '2001:db8::/32',
    '"q"',
    "'s'",
    '"a\\tb"',
    "'it''s'",
    '~',
    '',
    'true',
  ],
  ...[
    '12345678901234567890',
    '1:30',
    '2001-01-01',
    'a b',
    'a: b',
    'a #c',
    'a#c',
    '[1, 2]',
    '{a: 1}',
    '{"a":1}',
    '{a: ::1}',
    '[a, {b: c}]',
  ],
  ...[
    '*x',
    '&x 1',
    '!!str 010',
    '!!binary aGk=',
    '|',
    '>',
    '- x',
    '@a',
    '%a',
    '?',
    '-',
    '0',
    '<<',
    'x:y',
    'a:',
    '1e400',
    '{}',
    '[]',
    '{ a: 1 }',
  ],
  ...[
    '{a: 1,}',
    '{a}',
    '{a: }',
    '"unclosed',
    'é',
    '-010',
    '"\\u00e9"',
    '"\\x41"',
    '{a: b: c}',
    '[a,b]',
    '{a:1}',
    '{a: "x", "b": y}',
    '[?a]',
    '[-]',
  ],
];

const NAMES = [
  'a',
  'b',
  'kind',
  'entries',
  'key',
  'value',
  'spec',
  '"q"',
  "'c'",
  '443',
  '010',
  'y',
  'true',
  '<<',
  'a b',
  'x:y',
  '?',
  '-1',
  '08',
  'é',
];
const HEADERS = ['|', '|', '|-', '|+', '|2', '>', '| # c', '|#c'];
const ROWS = ['key,value', '1,2', '# no', '  deep', 'x: y', '', '   '];

type Lines = readonly string[];

const blank = fc.constantFrom('', '  ', '# comment', '   # d', '\t');
const scalar = fc.constantFrom(...SCALARS);
const gap = fc.constantFrom(' ', ' ', ' ', '  ', '');
const tail = fc.constantFrom('', '', '', ' ', ' # c');
const name = (index: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(`f${index}`) },
    { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
  );

/** Lines of a block node: mostly well formed, so that reading gets far, and sometimes not. */
function node(level: number): fc.Arbitrary<Lines> {
  return fc.oneof({ weight: 2, arbitrary: mapping(level) }, { weight: 1, arbitrary: sequence(level) });
}

function mapping(level: number): fc.Arbitrary<Lines> {
  const fields = [0, 1, 2].map(index => name(index).chain(key => field(key, level)));
  return fc
    .tuple(fc.integer({ min: 1, max: 3 }), ...fields)
    .map(([count, ...all]) => all.slice(0, count).flat());
}

function field(key: string, level: number): fc.Arbitrary<Lines> {
  const inline = fc.tuple(gap, scalar, tail).map(([space, value, end]) => [`${key}:${space}${value}${end}`]);
  const literal = fc
    .tuple(
      fc.constantFrom(...HEADERS),
      fc.array(fc.constantFrom(...ROWS), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(1, 2, 4),
    )
    .map(([header, rows, indent]) => [`${key}: ${header}`, ...indented(rows, indent)]);
  if (level === 0) return fc.oneof(inline, literal);
  const nested = fc
    .tuple(node(level - 1), fc.constantFrom(2, 2, 2, 4, 1, 0), fc.option(blank, { freq: 8 }))
    .map(([lines, indent, line]) => [
      `${key}:`,
      ...(line === null ? [] : [line]),
      ...indented(lines, indent),
    ]);
  return fc.oneof(inline, inline, nested, literal);
}

function sequence(level: number): fc.Arbitrary<Lines> {
  const dash = fc.constantFrom('- ', '- ', '-   ');
  const inline = fc.tuple(dash, scalar, tail).map(([mark, value, end]) => [`${mark}${value}${end}`]);
  const item =
    level === 0
      ? inline
      : fc.oneof(
          inline,
          fc.tuple(dash, node(level - 1)).map(([mark, lines]) => hung(mark, lines)),
        );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map(items => items.flat());
}

function hung(mark: string, [first = '', ...rest]: Lines): Lines {
  return [`${mark}${first}`, ...indented(rest, mark.length)];
}

function indented(lines: Lines, by: number): Lines {
  return lines.map(line => (line === '' ? line : `${' '.repeat(by)}${line}`));
}

/** Documents, a fifth of them with one character put in or replaced. */
export const documentText: fc.Arbitrary<string> = fc
  .tuple(
    node(3),
    fc.constantFrom('\n', '\n', '', '\n\n', '\n# end\n'),
    fc.option(fc.tuple(fc.nat(400), fc.constantFrom(...' \n"\'#:-{},\t&x'), fc.nat(1)), { freq: 4 }),
  )
  .map(([lines, end, change]) => {
    const text = `${lines.join('\n')}${end}`;
    if (change === null) return text;
    const [place, character, replaced] = change;
    const at = place % (text.length + 1);
    return `${text.slice(0, at)}${character}${text.slice(at + replaced)}`;
  });

/** Everything that a file holds, at once. */
export function readDocuments(text: string): {
  readonly documents: readonly ManifestDocument[];
  readonly problems: readonly DocumentProblem[];
} {
  const all = [...documentsOf(text)];
  return {
    documents: all.filter(item => item.kind === 'document'),
    problems: all.filter(item => item.kind === 'problem'),
  };
}
