// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Tells the template of every outer map: the layout that it was created with, which bpf_map_info does not tell.
 *
 * A reader of this iterator gets one record of eight little-endian u32 for each outer map, in the order of map ids:
 * id, type, then the template's type, key size, value size, max entries and flags, and a zero.
 *
 * The structs below declare only the fields that are read: their places come from the running kernel's BTF (CO-RE).
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FROM_KERNEL __attribute__((preserve_access_index))

struct seq_file;

struct bpf_map {
	struct bpf_map *inner_map_meta;
	enum bpf_map_type map_type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 map_flags;
	__u32 id;
} FROM_KERNEL;

struct bpf_iter_meta {
	struct seq_file *seq;
} FROM_KERNEL;

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
} FROM_KERNEL;

struct template_record {
	__u32 id;
	__u32 type;
	__u32 inner_type;
	__u32 inner_key_size;
	__u32 inner_value_size;
	__u32 inner_max_entries;
	__u32 inner_flags;
	__u32 reserved;
};

SEC("iter/bpf_map")
int read_templates(struct bpf_iter__bpf_map *context)
{
	struct bpf_map *map = context->map;
	struct bpf_map *inner;
	struct template_record record = {};

	/* The last call of an iteration comes without a map. */
	if (!map)
		return 0;
	inner = map->inner_map_meta;
	if (!inner)
		return 0;

	record.id = map->id;
	record.type = map->map_type;
	record.inner_type = inner->map_type;
	record.inner_key_size = inner->key_size;
	record.inner_value_size = inner->value_size;
	record.inner_max_entries = inner->max_entries;
	record.inner_flags = inner->map_flags;
	/* A full buffer makes this fail; the kernel then shows this map again in the next read(). */
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

/* bpf_seq_write is for GPL programs only. */
char LICENSE[] SEC("license") = "GPL";
