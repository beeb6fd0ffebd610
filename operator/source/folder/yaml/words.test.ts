import { expect } from 'chai';
import { positionOf } from '../text/place.ts';
import { readAnyYaml } from './read.ts';

/** A text with a mistake, its place, and what is said of it. */
const MISTAKES: Readonly<Record<string, readonly [text: string, place: string, message: RegExp]>> = {
  'a field that is indented deeper': ['spec:\n  outerMap: tenants\n   key: 1\n', '3:4', /^Indented deeper/],
  'a field that is indented less': ['spec:\n    outerMap: tenants\n  key: 1\n', '3:1', /^Indented otherwise/],
  'a tab': ['spec:\n\tkey: 1\n', '2:1', /^Indented by a tab: use spaces/],
  'two colons': ['a: b: c\n', '1:4', /must be quoted/],
  'no space behind a colon': ['b: 2\na:1\nc: 3\n', '2:1', /^Is no field/],
  'no colon': ['a: 1\nb\nc: 2\n', '2:1', /write a colon/],
  'a double quote that is not closed': ['a: "x\nb: 1\nc: 2\n', '1:4', /close it with "/],
  'a quote that is not closed': ["z: 1\na: 'x\nb: 1\n", '2:4', /close it with '/],
  'a bracket that is not closed': ['a: [1, [2]\nb: 1\n', '1:4', /^This \[ has no end/],
  'a brace that is not closed': ['a: {b: {}\nc: 2\n', '1:4', /^This { has no end/],
  'a JSON bracket that is not closed': ['{"a": [1, 2}', '1:7', /^This \[ has no end/],
  'a list item that is indented otherwise': ['a:\n  - b: 1\n   c: 3\n', '3:1', /^Stands among list items/],
  'an escape': ['a: "\\q"\n', '1:5', /^\\q means nothing/],
  'a reserved character': ['a: @x\n', '1:4', /^Text that begins with @ must be quoted/],
  'no comma': ['a: {b: 1 c: 2}\n', '1:8', /comma is missing/],
  'no comma among texts': ['a: ["x" "y"]\n', '1:9', /comma or a colon is missing/],
  'two commas': ['{"a": 1,, "b": 2}', '1:9', /^A comma stands/],
  'a bracket too many': ['a: [1]]\n', '1:7', /^This \] closes nothing/],
  'a list after fields': ['a: 1\n- b\n', '2:1', /^A list item stands/],
  'text behind a quoted one': ['a: "x" y\n', '1:8', /^Follows a value/],
  'text behind |': ['a: |x\n b\n', '1:5', /^Only a digit/],
  'two anchors': ['a: &x &y 1\n', '1:7', /two anchors/],
  'an alias without a name': ['a: *\n', '1:4', /has no name/],
};

describe('inOurWords', () => {
  for (const [name, [text, place, message]] of Object.entries(MISTAKES))
    it(`says ${name} at its place`, () => {
      const { first } = readAnyYaml(text).problems;
      const { line, column } = positionOf(text, first[0]!.offset);
      expect(first[0]!.message).to.match(message);
      expect(`${line}:${column}`).to.equal(place);
    });

  it('says one thing of a line, and all of a document’s lines', () => {
    const { first } = readAnyYaml('a: "\\q \\z"\nb: "\\k"\n').problems;
    expect(first.map(({ message }) => message.slice(0, 2))).to.deep.equal(['\\q', '\\k']);
  });
});
