import { BTF_LARGEST } from '../../../core/btf/kinds.ts';
import type { TypedBtf } from '../../../core/btf/maptypes.ts';
import { KernelError } from '../../error.ts';
import { ERRNO, kernelError } from '../errno.ts';
import type { Library } from '../library.ts';
import { openId } from './open.ts';

/** Places in a struct bpf_map_info of 5.16, in words. */
const INFO_WORDS = 22;
const BTF_ID = 16;
const KEY_TYPE = 17;
const VALUE_TYPE = 18;

/** The types that the map with this id was made with. */
export function mapTypes(library: Library, id: number): TypedBtf | undefined {
  const map = openId(library, id);
  try {
    const info = new Uint32Array(INFO_WORDS);
    const answer = library.objectInfo(map.fd, info, Uint32Array.of(info.byteLength));
    if (answer < 0) throw kernelError('read the types of', map.label, answer);
    const btf = info[BTF_ID] === 0 ? undefined : btfWithId(library, info[BTF_ID]!);
    return btf && { btf, key: info[KEY_TYPE]!, value: info[VALUE_TYPE]! };
  } finally {
    map.close();
  }
}

/** A program may be made of several objects, and an outer map be used by many programs. */
const MOST_USERS = 64;

/** The BTF of the programs that use the map with this id. */
export function typesOfUsers(library: Library, id: number): readonly Uint8Array[] {
  const ids = new Uint32Array(MOST_USERS);
  const count = library.btfOfUsers(id, ids, MOST_USERS);
  if (count < 0) throw refused('find the programs that use', `map ${id}`, count);
  return [...ids.subarray(0, count)].map(btf => btfWithId(library, btf)).filter(btf => btf !== undefined);
}

/** Undefined for the kernel's own, and where it is gone. */
function btfWithId(library: Library, id: number): Uint8Array | undefined {
  const size = new Uint32Array(1);
  const asked = library.btfById(id, null, size);
  if (asked === -ERRNO.ENOTSUPP || asked === -ERRNO.ENOENT) return undefined;
  if (asked < 0) throw refused('read', `BTF ${id}`, asked);
  if (size[0]! > BTF_LARGEST) throw new KernelError('read', `BTF ${id}`, 'E2BIG');
  const bytes = new Uint8Array(size[0]!);
  const answer = library.btfById(id, bytes, size);
  if (answer < 0) throw refused('read', `BTF ${id}`, answer);
  return bytes;
}

function refused(operation: string, what: string, answer: number): KernelError {
  return kernelError(operation, what, answer, answer === -ERRNO.EPERM ? 'ids need CAP_SYS_ADMIN' : '');
}
