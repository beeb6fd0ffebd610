import { sha256 } from '../../core/sha256.ts';

/** An InnerMap's name ends at 253 bytes; digests and prefixes take their share. */
const LONGEST = 170;

/** A name for an OuterMap after its pin: an RFC 1123 label of up to 63 bytes. */
export function outerMapNameFor(pin: string): string {
  const last = pin.split('/').at(-1)!;
  return trimmed(slug(last).replaceAll('.', '-').slice(0, 63)) || 'outer';
}

/** A name for an InnerMap after its key: an RFC 1123 subdomain that is not `taken`, where it is added. */
export function innerMapNameFor(outerMap: string, keyText: string, taken = new Set<string>()): string {
  const words = trimmed(slug(keyText).slice(0, LONGEST)) || 'key';
  const name = `${outerMap}-${words}`;
  const unique = taken.has(name) ? `${name}-${sha256(keyText).slice(0, 8)}` : name;
  taken.add(unique);
  return unique;
}

/** Lower-case letters, digits, single dashes and dots; a dot only between letters and digits. */
function slug(text: string): string {
  const kept = text.toLowerCase().replace(/[^a-z0-9.]+/g, '-');
  return kept.replace(/[.-]{2,}/g, '-');
}

function trimmed(text: string): string {
  return text.replace(/^[.-]+|[.-]+$/g, '');
}
