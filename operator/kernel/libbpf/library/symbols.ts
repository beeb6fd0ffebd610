/** One C function. */
export interface CSymbol {
  readonly prototype: string;
  /** Whether a call changes the kernel or the bpffs. */
  readonly mutates?: boolean;
}

type Symbols = Readonly<Record<string, CSymbol>>;

/** Functions of libinnermap.so, by their names in the Library interface; native/bulk/innermap.h documents them. They return -errno. */
export const INNERMAP = {
  counts: { prototype: 'void innermap_counts(void *counts)' },
  mapCreate: {
    prototype:
      'int innermap_create(uint32_t type, const char *name, uint32_t key, uint32_t value, uint32_t max, void *options)',
    mutates: true,
  },
  buildMaps: {
    prototype:
      'void innermap_build(void *requests, void *answers, void *keys, void *values, void *strings, void *sizes)',
    mutates: true,
  },
  settlePins: {
    prototype: 'void innermap_settle(void *kinds, void *settled, void *fds, void *names, void *sizes)',
    mutates: true,
  },
  mapUpdate: {
    prototype: 'int innermap_update(int fd, void *key, void *value, uint64_t flags)',
    mutates: true,
  },
  mapLookup: { prototype: 'int innermap_lookup(int fd, void *key, void *value)' },
  mapDelete: { prototype: 'int innermap_delete(int fd, void *key)', mutates: true },
  mapNextKey: { prototype: 'int innermap_next_key(int fd, void *key, void *next)' },
  mapUpdateBatch: {
    prototype: 'int innermap_update_batch(int fd, void *keys, void *values, void *count)',
    mutates: true,
  },
  mapLookupBatch: {
    prototype:
      'int innermap_lookup_batch(int fd, void *from, void *next, void *keys, void *values, void *count)',
  },
  mapDeleteBatch: {
    prototype: 'int innermap_delete_batch(int fd, void *keys, void *count)',
    mutates: true,
  },
  mapUpdateEach: {
    prototype:
      'int innermap_update_each(int fd, void *keys, uint32_t key, void *fds, void *answers, uint32_t count)',
    mutates: true,
  },
  mapLookupEach: {
    prototype:
      'int innermap_lookup_each(int fd, void *keys, uint32_t key, void *ids, void *answers, uint32_t count)',
  },
  mapDeleteEach: {
    prototype:
      'int innermap_delete_each(int fd, void *keys, uint32_t key, void *answers, uint32_t count, void *names, uint32_t size)',
    mutates: true,
  },
  mapEdit: {
    prototype:
      'int innermap_edit(int fd, void *shape, void *keys, void *values, void *mask, void *found, void *answers)',
    mutates: true,
  },
  mapPlace: {
    prototype:
      'int innermap_place(int outer, void *sizes, void *where, void *keys, void *values, void *mask, void *answers)',
    mutates: true,
  },
  mapIsFrozen: { prototype: 'int innermap_is_frozen(int fd)' },
  mapFreeze: { prototype: 'int innermap_freeze(int fd)', mutates: true },
  mapFdById: { prototype: 'int innermap_fd_by_id(uint32_t id)' },
  objectInfo: { prototype: 'int innermap_info(int fd, void *info, void *length)' },
  objectPin: { prototype: 'int innermap_pin(int fd, const char *path)', mutates: true },
  list: { prototype: 'int innermap_list(const char *path, void *bytes, uint32_t size, void *used)' },
  objectGet: { prototype: 'int innermap_get(const char *path, void *object)' },
  identify: {
    prototype: 'int innermap_identify(void *paths, uint32_t size, uint32_t count, void *identities)',
  },
  verify: {
    prototype:
      'int innermap_verify(void *all, void *each, void *paths, void *keys, void *values, void *mask, void *same)',
  },
  btfById: { prototype: 'int innermap_btf(uint32_t id, void *data, void *size)' },
  btfOfUsers: { prototype: 'int innermap_btf_of_users(uint32_t map, void *ids, uint32_t room)' },
  btfLoad: { prototype: 'int innermap_load_btf(void *data, uint32_t size)' },
  digest: {
    prototype: 'int innermap_digest(void *sizes, void *mask, void *counts, void *entries, void *digests)',
  },
  compare: {
    prototype:
      'int innermap_compare(int outer, void *sizes, void *mask, void *keys, void *counts, void *digests, void *same)',
  },
  copy: {
    prototype:
      'int innermap_copy(int outer, void *sizes, void *mask, void *keys, uint32_t room, void *entries, void *counts)',
  },
} as const satisfies Symbols;

/**
 * Functions of libbpf.so.1, for the one program that it loads (native/template.bpf.c). They return -errno.
 * Pointers to libbpf's own objects are opaque to us: `void *`.
 */
export const LIBBPF = {
  programFileOpen: { prototype: 'void *bpf_object__open_file(const char *path, void *opts)' },
  programFileLoad: { prototype: 'int bpf_object__load(void *object)' },
  programFileClose: { prototype: 'void bpf_object__close(void *object)' },
  programFind: { prototype: 'void *bpf_object__find_program_by_name(void *object, const char *name)' },
  iteratorAttach: { prototype: 'void *bpf_program__attach_iter(void *program, void *opts)' },
  linkFd: { prototype: 'int bpf_link__fd(void *link)' },
  linkDestroy: { prototype: 'int bpf_link__destroy(void *link)' },
  iteratorCreate: { prototype: 'int bpf_iter_create(int fd)' },
} as const satisfies Symbols;

/** Functions of libc. They return -1, which library.ts turns into -errno. */
export const LIBC = {
  close: { prototype: 'int close(int fd)' },
  duplicate: { prototype: 'int fcntl(int fd, int command, int least)' },
  control: { prototype: 'int fcntl(int fd, int command, int argument)' },
  flock: { prototype: 'int flock(int fd, int operation)' },
  mkdir: { prototype: 'int mkdir(const char *path, uint32_t mode)', mutates: true },
  rmdir: { prototype: 'int rmdir(const char *path)', mutates: true },
  rename: { prototype: 'int rename(const char *from, const char *to)', mutates: true },
  unlink: { prototype: 'int unlink(const char *path)', mutates: true },
  symlink: { prototype: 'int symlink(const char *target, const char *path)', mutates: true },
  chmod: { prototype: 'int chmod(const char *path, uint32_t mode)', mutates: true },
} as const satisfies Symbols;

export const SYMBOLS = { ...INNERMAP, ...LIBBPF, ...LIBC } satisfies Symbols;

export type SymbolName = keyof typeof SYMBOLS;
export const SYMBOL_NAMES = Object.keys(SYMBOLS) as readonly SymbolName[];

/** Flags of mapUpdate (BPF_ANY, BPF_EXIST). */
export const ANY = 0;
export const EXIST = 2;

/** Of native/bulk/innermap.h: INNERMAP_NO_MAP, OBJECT_NAME. */
export const NO_MAP = -4096;
export const OBJECT_NAME = 16;

/** fcntl's F_DUPFD_CLOEXEC (include/uapi/linux/fcntl.h). */
export const DUPLICATE = 1030;

/** fcntl's F_SETSIG and F_SETLEASE, with F_RDLCK and F_UNLCK for the latter. */
export const SIGNAL = 10;
export const LEASE = 1024;
export const READ_LEASE = 0;
export const NO_LEASE = 2;

/** Operations of flock: LOCK_EX and LOCK_SH, with LOCK_NB. */
export const LOCK_EXCLUSIVE_NOW = 2 | 4;
export const LOCK_SHARED_NOW = 1 | 4;

/** `f_type` of a bpffs in statfs(2): BPF_FS_MAGIC. */
export const BPFFS_MAGIC = 0xcafe4a11;
