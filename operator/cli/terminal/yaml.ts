/** Data as JSON has it. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

/**
 * One document in block style, for readers of YAML 1.1 (kubectl) and 1.2 alike: what either could take for
 * something else than text is quoted. Properties that are undefined are left out.
 */
export function yamlText(value: Plain): string {
  const lines: string[] = [];
  writeNode(value, '', '', lines);
  return `${lines.join('\n')}\n`;
}

/** `lead` stands before the value on its first line: `key:`, `-`, or nothing. */
function writeNode(value: Plain, lead: string, indent: string, lines: string[]): void {
  if (typeof value === 'string') writeText(value, lead, indent, lines);
  else if (value === null || typeof value !== 'object') lines.push(joined(lead, scalarText(value)));
  else if (isList(value)) writeList(value, lead, indent, lines);
  else writeObject(value, lead, indent, lines);
}

function isList(
  value: readonly Plain[] | { readonly [key: string]: Plain | undefined },
): value is readonly Plain[] {
  return Array.isArray(value);
}

function writeList(list: readonly Plain[], lead: string, indent: string, lines: string[]): void {
  if (list.length === 0) lines.push(joined(lead, '[]'));
  else if (lead !== '') lines.push(lead);
  for (const item of list) writeItem(item, indent, lines);
}

/** An object in a list begins on the line of its dash. */
function writeItem(item: Plain, indent: string, lines: string[]): void {
  const from = lines.length;
  const inner = `${indent}  `;
  if (item === null || typeof item !== 'object') {
    writeNode(item, `${indent}-`, inner, lines);
    return;
  }
  writeNode(item, '', inner, lines);
  const first = lines[from]!;
  lines[from] = `${indent}- ${first.startsWith(inner) ? first.slice(inner.length) : first}`;
}

function writeObject(
  object: { readonly [key: string]: Plain | undefined },
  lead: string,
  indent: string,
  lines: string[],
): void {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return void lines.push(joined(lead, '{}'));
  if (lead !== '') lines.push(lead);
  for (const [key, value] of entries) {
    const list = Array.isArray(value);
    writeNode(value!, `${indent}${textOf(key)}:`, list ? indent : `${indent}  `, lines);
  }
}

/** Text of several lines as a literal block, where a block can hold it unchanged. */
function writeText(text: string, lead: string, indent: string, lines: string[]): void {
  const body = blockLines(text);
  if (lead === '' || body === undefined) return void lines.push(joined(lead, textOf(text)));
  lines.push(joined(lead, text.endsWith('\n') ? '|' : '|-'));
  for (const line of body) lines.push(`${indent}${line}`);
}

/** Two lines or more of printable ASCII, none blank, none that ends with a blank; else undefined. */
function blockLines(text: string): readonly string[] | undefined {
  if (!text.includes('\n')) return undefined;
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  // The first line sets the block's indentation.
  return text[0] !== ' ' && lines.every(line => BLOCK_LINE.test(line)) ? lines : undefined;
}

const BLOCK_LINE = /^[ -~]*[!-~]$/;

function joined(lead: string, text: string): string {
  return lead === '' ? text : `${lead} ${text}`;
}

/** Words and paths stand as they are; anything else in JSON's quotes, which are YAML's too. */
function textOf(text: string): string {
  if (PLAIN.test(text) && !RESERVED.test(text)) return text;
  return JSON.stringify(text).replace(
    UNSAFE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;

/** What YAML 1.1 or 1.2 reads as a boolean or as null. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** JSON leaves them bare; YAML 1.1 takes some for line ends and forbids others. */
const UNSAFE = /[\u007f-\u00a0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/g;

function scalarText(value: number | boolean | null): string {
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  // YAML 1.1 knows 1.0e+21 as a number, and 1e+21 as text.
  return Object.is(value, -0) ? '-0.0' : String(value).replace(/^(-?\d+)e/, '$1.0e');
}
