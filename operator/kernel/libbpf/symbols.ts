import type { BpfCall } from '../counts.ts';

/** One C function: where it lives, its prototype, and whether calling it changes the kernel or the bpffs. */
export interface CSymbol {
  readonly library: 'libbpf' | 'libc';
  readonly prototype: string;
  readonly mutating: boolean;
  /** Whether it is called off the event loop too. */
  readonly later?: true;
  /** The command of bpf() that it is, where it is one of maps. */
  readonly bpf?: BpfCall;
}

/**
 * The C functions that this folder calls, by the name that the Library interface gives them.
 * Those of libbpf.so.1 answer -errno; those of libc answer -1, which library.ts turns into -errno.
 * Pointers to libbpf's own objects are opaque to us: `void *`.
 */
export const SYMBOLS = {
  mapCreate: {
    library: 'libbpf',
    prototype:
      'int bpf_map_create(int type, const char *name, uint32_t key, uint32_t value, uint32_t max, void *opts)',
    mutating: true,
    later: true,
    bpf: 'create',
  },
  mapUpdate: {
    library: 'libbpf',
    prototype: 'int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)',
    mutating: true,
    later: true,
    bpf: 'update',
  },
  mapLookup: {
    library: 'libbpf',
    prototype: 'int bpf_map_lookup_elem(int fd, void *key, void *value)',
    mutating: false,
    later: true,
    bpf: 'lookup',
  },
  mapDelete: {
    library: 'libbpf',
    prototype: 'int bpf_map_delete_elem(int fd, void *key)',
    mutating: true,
    later: true,
    bpf: 'delete',
  },
  mapNextKey: {
    library: 'libbpf',
    prototype: 'int bpf_map_get_next_key(int fd, void *key, void *next)',
    mutating: false,
    bpf: 'next_key',
  },
  mapUpdateBatch: {
    library: 'libbpf',
    prototype: 'int bpf_map_update_batch(int fd, void *keys, void *values, void *count, void *opts)',
    mutating: true,
    later: true,
    bpf: 'update_batch',
  },
  mapLookupBatch: {
    library: 'libbpf',
    prototype:
      'int bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, void *count, void *opts)',
    mutating: false,
    later: true,
    bpf: 'lookup_batch',
  },
  /** An update of no entries: changes nothing, answers EPERM where user space may not write. */
  mapMayWrite: {
    library: 'libbpf',
    prototype: 'int bpf_map_update_batch(int fd, void *keys, void *values, void *count, void *opts)',
    mutating: false,
    bpf: 'write_check',
  },
  mapDeleteBatch: {
    library: 'libbpf',
    prototype: 'int bpf_map_delete_batch(int fd, void *keys, void *count, void *opts)',
    mutating: true,
    later: true,
    bpf: 'delete_batch',
  },
  mapFreeze: { library: 'libbpf', prototype: 'int bpf_map_freeze(int fd)', mutating: true, bpf: 'freeze' },
  mapFdById: {
    library: 'libbpf',
    prototype: 'int bpf_map_get_fd_by_id(uint32_t id)',
    mutating: false,
    bpf: 'fd_by_id',
  },
  objectInfo: {
    library: 'libbpf',
    prototype: 'int bpf_obj_get_info_by_fd(int fd, void *info, void *length)',
    mutating: false,
    bpf: 'info',
  },
  objectPin: {
    library: 'libbpf',
    prototype: 'int bpf_obj_pin(int fd, const char *path)',
    mutating: true,
    bpf: 'pin',
  },
  objectGet: {
    library: 'libbpf',
    prototype: 'int bpf_obj_get(const char *path)',
    mutating: false,
    bpf: 'obj_get',
  },
  btfLoad: {
    library: 'libbpf',
    prototype: 'int bpf_btf_load(void *data, size_t size, void *opts)',
    mutating: false,
  },
  setPrint: { library: 'libbpf', prototype: 'void *libbpf_set_print(void *print)', mutating: false },
  programFileOpen: {
    library: 'libbpf',
    prototype: 'void *bpf_object__open_file(const char *path, void *opts)',
    mutating: false,
  },
  programFileLoad: { library: 'libbpf', prototype: 'int bpf_object__load(void *object)', mutating: false },
  programFileClose: {
    library: 'libbpf',
    prototype: 'void bpf_object__close(void *object)',
    mutating: false,
  },
  programFind: {
    library: 'libbpf',
    prototype: 'void *bpf_object__find_program_by_name(void *object, const char *name)',
    mutating: false,
  },
  iteratorAttach: {
    library: 'libbpf',
    prototype: 'void *bpf_program__attach_iter(void *program, void *opts)',
    mutating: false,
  },
  linkFd: { library: 'libbpf', prototype: 'int bpf_link__fd(void *link)', mutating: false },
  linkDestroy: { library: 'libbpf', prototype: 'int bpf_link__destroy(void *link)', mutating: false },
  iteratorCreate: { library: 'libbpf', prototype: 'int bpf_iter_create(int fd)', mutating: false },

  close: { library: 'libc', prototype: 'int close(int fd)', mutating: false },
  duplicate: {
    library: 'libc',
    prototype: 'int fcntl(int fd, int command, int least)',
    mutating: false,
    later: true,
  },
  flock: { library: 'libc', prototype: 'int flock(int fd, int operation)', mutating: false },
  mkdir: { library: 'libc', prototype: 'int mkdir(const char *path, uint32_t mode)', mutating: true },
  rmdir: { library: 'libc', prototype: 'int rmdir(const char *path)', mutating: true },
  rename: { library: 'libc', prototype: 'int rename(const char *from, const char *to)', mutating: true },
  unlink: { library: 'libc', prototype: 'int unlink(const char *path)', mutating: true },
  symlink: {
    library: 'libc',
    prototype: 'int symlink(const char *target, const char *path)',
    mutating: true,
  },
  chmod: { library: 'libc', prototype: 'int chmod(const char *path, uint32_t mode)', mutating: true },
} as const satisfies Readonly<Record<string, CSymbol>>;

export type SymbolName = keyof typeof SYMBOLS;
export const SYMBOL_NAMES = Object.keys(SYMBOLS) as readonly SymbolName[];

/** Flags of mapUpdate (BPF_ANY, BPF_EXIST). */
export const ANY = 0;
export const EXIST = 2;

/** fcntl's F_DUPFD_CLOEXEC (include/uapi/linux/fcntl.h). */
export const DUPLICATE = 1030;

export const LOCK_EXCLUSIVE_NOW = 2 | 4;

/** `f_type` of a bpffs in statfs(2): BPF_FS_MAGIC. */
export const BPFFS_MAGIC = 0xcafe4a11;
