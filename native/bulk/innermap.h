/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libinnermap.so: the operator's one way to the kernel's maps. It calls bpf(2) itself, by the UAPI header.
 *
 * What goes in and out is flat: numbers, and buffers of the caller's that it keeps alive until the call returns.
 * An answer is 0 (or an fd, where one is asked for), or -errno. No call closes an fd that it was given, unless it says so,
 * keeps memory, or allocates by a size that it was given without a bound. All may be called from many threads at once.
 * Numbers in buffers are in this machine's order of bytes.
 */
#ifndef INNERMAP_H
#define INNERMAP_H

#include <stdint.h>

#define INNERMAP_API __attribute__((visibility("default")))

/* What bpf() was called for. BPF_CALLS of operator/kernel/counts.ts has their names in this order. */
enum innermap_call {
	CALL_CREATE,
	CALL_UPDATE,
	CALL_LOOKUP,
	CALL_DELETE,
	CALL_NEXT_KEY,
	CALL_UPDATE_BATCH,
	CALL_LOOKUP_BATCH,
	CALL_DELETE_BATCH,
	/* An update of no entries, which fails on a frozen map. */
	CALL_WRITE_CHECK,
	CALL_FREEZE,
	CALL_FD_BY_ID,
	CALL_INFO,
	CALL_PIN,
	CALL_OBJ_GET,
	CALL_LOAD_PROGRAM,
	CALL_RUN_PROGRAM,
	CALL_LOAD_BTF,
	/* Calls that count as none of them. */
	CALL_OTHER,
	CALLS = CALL_OTHER,
};

/* Calls of each command since the library was loaded, by all threads. */
INNERMAP_API void innermap_counts(uint64_t counts[CALLS]);

/* Words of `options`: the map's flags, the template's fd of an outer map, and the fd of a BTF with its types; 0 for none. */
enum { OPTION_FLAGS, OPTION_INNER_FD, OPTION_BTF_FD, OPTION_BTF_KEY, OPTION_BTF_VALUE, OPTIONS };

/* The fd of a new map. `name`: up to 15 of [A-Za-z0-9_.], EINVAL otherwise. */
INNERMAP_API int innermap_create(uint32_t type, const char *name, uint32_t key_size, uint32_t value_size,
				 uint32_t max_entries, const uint32_t options[OPTIONS]);
INNERMAP_API int innermap_update(int fd, const void *key, const void *value, uint64_t flags);
INNERMAP_API int innermap_lookup(int fd, const void *key, void *value);
INNERMAP_API int innermap_delete(int fd, const void *key);
/* NULL as key: the first. */
INNERMAP_API int innermap_next_key(int fd, const void *key, void *next);
/* `count`: of the entries given; then of those that were written, read or deleted before an error. */
INNERMAP_API int innermap_update_batch(int fd, const void *keys, const void *values, uint32_t *count);
INNERMAP_API int innermap_lookup_batch(int fd, const void *from, void *next, void *keys, void *values, uint32_t *count);
INNERMAP_API int innermap_delete_batch(int fd, const void *keys, uint32_t *count);

/*
 * Single calls for `count` keys of an outer map, one after the other in `keys`, hundreds of them at once on threads of the
 * call's own: they share the grace periods that each waits for. `answers[i]` is 0 or -errno of key i; what is returned is
 * how many are no 0. A lookup writes ids[i].
 *
 * Once a key is gone, or was gone already, its pin goes, too. `names`, each with its NUL in `size` bytes: the path of the
 * directory that the pins lie in, then one for each key, empty where it has none. A positive answer is the errno of an
 * unlink; a pin that is gone already is no failure. Size 0: no pins. EINVAL where the names are not as many, E2BIG where
 * there are more than EACH_MOST keys: then nothing was done.
 */
enum { EACH_MOST = 4096 };
INNERMAP_API int innermap_update_each(int fd, const void *keys, uint32_t key_size, const uint32_t *fds,
				      int32_t *answers, uint32_t count);
INNERMAP_API int innermap_lookup_each(int fd, const void *keys, uint32_t key_size, uint32_t *ids, int32_t *answers,
				      uint32_t count);
INNERMAP_API int innermap_delete_each(int fd, const void *keys, uint32_t key_size, int32_t *answers, uint32_t count,
				      const char *names, uint32_t size);

INNERMAP_API int innermap_may_write(int fd);
INNERMAP_API int innermap_freeze(int fd);
/*
 * BPF_MAP_FREEZE, which bpf_map_info does not contain: 1, 0 or -errno. An update of no entries checks first whether user
 * space may write (kernel/bpf/syscall.c, bpf_map_do_batch), and then does nothing: 0.3 µs, where the text of fdinfo takes
 * 8. EPERM means frozen, or an fd that may only read: then fdinfo decides, and before 5.6, which has no batches.
 */
INNERMAP_API int innermap_is_frozen(int fd);
/* The fd of the map with this id. */
INNERMAP_API int innermap_fd_by_id(uint32_t id);
/* `info` is a struct bpf_map_info of `*length` bytes; older kernels fill less, and say how much. */
INNERMAP_API int innermap_info(int fd, void *info, uint32_t *length);
INNERMAP_API int innermap_pin(int fd, const char *path);

/* Beside -errno: the answer for what is pinned and no map. */
enum { INNERMAP_NO_MAP = -4096 };
/* With its NUL. */
enum { OBJECT_NAME = 16 };
/*
 * The fd of the map that is pinned there. ELOOP where a symlink is: the kernel would follow it to any map that this
 * process may open, whoever put it there. Of INNERMAP_NO_MAP `object` says what is there: `bpf-prog`.
 */
INNERMAP_API int innermap_get(const char *path, char object[OBJECT_NAME]);

/* What tells one map from others. */
struct innermap_identity {
	/* 0, -errno or INNERMAP_NO_MAP. */
	int32_t answer;
	uint32_t id;
	/* As bpf_map_info has it, or the `object` of innermap_get. */
	char name[OBJECT_NAME];
};

/*
 * Opens, asks and closes many pins. `paths`: one after the other, each with its NUL. As innermap_get answers.
 * EINVAL where they are not `count` paths in `size` bytes: then nothing was done.
 */
INNERMAP_API int innermap_identify(const char *paths, uint32_t size, uint32_t count,
				   struct innermap_identity *identities);

/* Whatever is neither a directory nor a link is a pin. */
enum { INNERMAP_DIRECTORY = 'd', INNERMAP_LINK = 'l', INNERMAP_PIN = 'p' };
/*
 * What is below a directory: of each its kind, its name and a NUL, `*used` bytes in all. ENOSPC where that is more than
 * `size`, which the caller raises then. A symlink is not followed: ENOTDIR, ELOOP.
 */
INNERMAP_API int innermap_list(const char *path, void *bytes, uint32_t size, uint32_t *used);

/*
 * Words of `shape`: how many entries, the bytes of a key and of a value as the map has them (of a per-CPU type those of all
 * processors), flags, and how many bytes `keys`, `values`, `mask`, `found` and `answers` have.
 */
enum {
	EDIT_COUNT,
	EDIT_KEY_SIZE,
	EDIT_VALUE_SIZE,
	EDIT_FLAGS,
	EDIT_KEYS,
	EDIT_VALUES,
	EDIT_MASK,
	EDIT_FOUND,
	EDIT_ANSWERS,
	EDIT_WORDS,
};
enum {
	/* Find each value by a program of ours and store the declared bytes alone, where the kernel takes such a program. */
	EDIT_BY_PROGRAM = 1,
	/* For an absent prefix a trie answers the one around it: only what was found is looked up. */
	EDIT_IS_TRIE = 2,
};

/*
 * Writes the entries of a live map, and of those that are there only the bytes that are not 0 in `mask`, which is as long
 * as a value. `found`: a byte for each, not 0 where the entry was seen. Writes an answer for each. Returns how many
 * values were read and then written whole: of them what a program wrote in between is lost. EINVAL where a buffer is not as
 * long as the entries: then nothing was done.
 */
INNERMAP_API int innermap_edit(int map, const uint32_t shape[EDIT_WORDS], const void *keys, const void *values,
			       const void *mask, const uint8_t *found, int32_t *answers);

/*
 * Words of `sizes`: bytes of the outer map's key, of a key and of a value; how many upserts and deletes; and how many bytes
 * `keys`, `values` and `answers` have.
 */
enum {
	PLACE_OUTER_KEY,
	PLACE_KEY,
	PLACE_VALUE,
	PLACE_UPSERTS,
	PLACE_DELETES,
	PLACE_KEYS,
	PLACE_VALUES,
	PLACE_ANSWERS,
	/* Not 0: the kernel may give an entry's memory to another key at any time, as an LRUHash does. */
	PLACE_MERGES,
	PLACE_WORDS,
};

/*
 * Writes into the inner map at the key `where` of an outer map, which this process may not open: a Hash, an LRUHash or an
 * Array. `keys`: those of the upserts, then those of the deletes. Of entries that are there only the bytes are written that
 * are not 0 in `mask`, which is as long as a value; NULL: values are put whole. With PLACE_MERGES they are put whole, too,
 * with the other bytes as they were: what programs write into those within that moment is lost. Upserts first; those that
 * find the map full follow the deletes. Writes an answer for each: 0 or -errno, ESTALE where no inner map is. -errno where
 * this kernel takes no such program, then nothing was done; where a run is refused the answers of what was not done are 1.
 */
INNERMAP_API int innermap_place(int outer_fd, const uint32_t sizes[PLACE_WORDS], const void *where, const void *keys,
				const void *values, const void *mask, int32_t *answers);

/* What all inner maps of one innermap_verify have in common, and how much the buffers hold. */
struct innermap_expected {
	uint32_t maps;
	uint32_t path_bytes;
	/* In `keys` and in `values`. */
	uint32_t entries;
	uint32_t type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t flags;
	/* Bytes of a value as batches have it: per-CPU types have one for each possible CPU, rounded up to 8. */
	uint32_t stride;
};

#define INNERMAP_NO_PIN UINT32_MAX

struct innermap_expectation {
	/* Where its path begins, or INNERMAP_NO_PIN: without CAP_SYS_ADMIN it is opened by that. */
	uint32_t pin;
	uint32_t id;
	uint32_t max_entries;
	uint32_t is_frozen;
	/* 0: it may have other entries too. */
	uint32_t is_exact;
	/* The first of its entries, and how many it has. */
	uint32_t from;
	uint32_t count;
};

/*
 * `same` gets 1 for each inner map with this id, layout and freezing, and these entries in whatever order; 0 says nothing:
 * it differs, cannot be opened, or cannot be read by batch. `mask` is as long as a value and has 0 for bits that do not
 * count, or is NULL. An array's entries that are not expected have to be zero. EINVAL where a path or entries are not in
 * their buffers: then nothing was done.
 */
INNERMAP_API int innermap_verify(const struct innermap_expected *all, const struct innermap_expectation *each,
				 const char *paths, const uint8_t *keys, const uint8_t *values, const uint8_t *mask,
				 uint8_t *same);
/* The fd of a BTF. */
INNERMAP_API int innermap_load_btf(const void *data, uint32_t size);
/* The BTF with this id: as much of it as `*size` says; then `*size` is what it has. ENOTSUPP: it is the kernel's own. */
INNERMAP_API int innermap_btf(uint32_t id, void *data, uint32_t *size);
/* Ids of the BTF of the programs that use a map, each once and at most `room`. Returns how many. */
INNERMAP_API int innermap_btf_of_users(uint32_t map, uint32_t *ids, uint32_t room);

/*
 * Digests, by which contents are compared without being copied: see sip.h. Words of `sizes`: how many maps, and bytes of
 * keys and values; DIGEST_ARRAY is not 0 where all entries exist, and those that are zero are declared by nobody. `mask` is as long as a value and has 0
 * for bits that do not count, or is NULL. E2BIG where an entry has more than 512 bytes.
 */
enum { DIGEST_MAPS, DIGEST_KEY, DIGEST_VALUE, DIGEST_ARRAY, DIGEST_OUTER_KEY, DIGEST_SIZES };
enum { DIGEST_MOST_MAPS = 4096 };

/* Writes the digest of each map's entries. `entries`: for each map its keys one after the other, then its values. */
INNERMAP_API int innermap_digest(const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask,
				 const uint32_t *counts, const uint8_t *entries, uint64_t *digests);
/*
 * Whether the inner maps at `keys` of an outer map have so many entries with these digests: `same` gets 1 for those that
 * do. 0 says nothing more; how large a map is, and whether it is frozen, is not looked at. EINVAL where keys and values have
 * other sizes; that DIGEST_ARRAY is right is believed. Another -errno where this kernel cannot walk these maps: then nothing is known of any.
 */
INNERMAP_API int innermap_compare(int outer_fd, const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask,
				  const uint8_t *keys, const uint32_t *counts, const uint64_t *digests, uint8_t *same);

/*
 * Copies the entries of inner maps that cannot be opened, through their outer map: a program of ours walks them. `counts`
 * gets for each map how many it has, or ENOENT where none is there, E2BIG where it has more than `room`, EAGAIN from the
 * first on that has no room left behind those before it. `entries` has room for so many, and gets for each map that is
 * counted its keys one after the other, then its values. EINVAL where keys and values have not these sizes, or this kernel
 * cannot walk them. `mask` is as long as a value and has 0 for bytes that are the kernel's, which get zeros; NULL: none is.
 */
enum { COPY_MOST_BYTES = 1024, COPY_MOST_ENTRIES = 16384 };
INNERMAP_API int innermap_copy(int outer_fd, const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask,
			       const uint8_t *keys, uint32_t room, uint8_t *entries, int32_t *counts);

#include "wave/wave.h"

#endif
