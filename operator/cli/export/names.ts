import { sha256 } from '../../core/sha256.ts';

/** An InnerMap's name ends at 253 bytes; digests and prefixes take their share. */
const LONGEST = 170;

/** A name for an OuterMap after its pin: an RFC 1123 label of up to 63 bytes. */
export function outerMapNameFor(pin: string): string {
  const last = pin.split('/').at(-1)!;
  return trimmed(slug(last).replaceAll('.', '-').slice(0, 63)) || 'outer';
}

/** Names for InnerMaps after their keys: RFC 1123 subdomains, one name never twice. */
export class InnerMapNames {
  readonly #outerMap: string;
  readonly #taken = new Set<string>();

  constructor(outerMap: string) {
    this.#outerMap = outerMap;
  }

  nameFor(keyText: string): string {
    const words = trimmed(slug(keyText).slice(0, LONGEST)) || 'key';
    const name = `${this.#outerMap}-${words}`;
    const unique = this.#taken.has(name) ? `${name}-${sha256(keyText).slice(0, 8)}` : name;
    this.#taken.add(unique);
    return unique;
  }
}

/** Lower-case letters, digits, single dashes and dots; a dot only between letters and digits. */
function slug(text: string): string {
  const kept = text.toLowerCase().replace(/[^a-z0-9.]+/g, '-');
  return kept.replace(/[.-]{2,}/g, '-');
}

function trimmed(text: string): string {
  return text.replace(/^[.-]+|[.-]+$/g, '');
}
