import { ERRNO, kernelError } from '../errno.ts';
import type { Library } from '../library.ts';

const NOTHING = new Uint8Array(0);
/** Some hundred names; as much as the longest listing takes from then on. */
let room = 8192;

/** What is below a directory, as kindsIn() of pins.ts reads it: nothing where there is none, and below a symlink. */
export function listed(library: Library, directory: string): Uint8Array {
  for (;;) {
    const { bytes, used } = space();
    const answer = library.list(directory, bytes, bytes.length, used);
    const listing = listingOf(directory, answer, { bytes, used });
    if (listing !== undefined) return listing;
  }
}

/** The same, off the event loop. */
export async function listedLater(library: Library, directory: string): Promise<Uint8Array> {
  for (;;) {
    const { bytes, used } = space();
    const answer = await library.list.later(directory, bytes, bytes.length, used);
    const listing = listingOf(directory, answer, { bytes, used });
    if (listing !== undefined) return listing;
  }
}

type Space = ReturnType<typeof space>;

function space() {
  return { bytes: new Uint8Array(room), used: new Uint32Array(1) };
}

/** Undefined where it needs more room, which there is next time. */
function listingOf(directory: string, answer: number, { bytes, used }: Space): Uint8Array | undefined {
  if (answer === -ERRNO.ENOSPC) {
    room = Math.max(room, 2 * bytes.length);
    return undefined;
  }
  if (ABSENT.includes(-answer)) return NOTHING;
  if (answer < 0) throw kernelError('list', directory, answer);
  return bytes.slice(0, used[0]);
}

const ABSENT = [ERRNO.ENOENT, ERRNO.ENOTDIR, ERRNO.ELOOP];
