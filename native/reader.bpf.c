// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Two programs that look at an outer map while somebody changes it; the driver runs them again and again.
 *
 * read_pass: fetches the inner map once and reads all of its entries from it, each a u32 stamp. Content that is
 * swapped has one stamp in each pass; content that is changed in place does not.
 * increment_entry: counts in one entry's value, or in those of some by turns, as programs do that own a field of it.
 *
 * The outer map is somebody else's: its type, key and template are those of the map that replaces this declaration
 * before the load (bpf_map__reuse_fd), and the verifier checks these programs against them.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "reader.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, READER_VERSIONS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u8);
} seen SEC(".maps");

const volatile struct reader_settings settings;
struct reader_counters counters;

static __always_inline void *inner_map(void)
{
	__u8 key[READER_KEY_MAX] __attribute__((aligned(8)));

	for (int i = 0; i < READER_KEY_MAX; i++)
		key[i] = settings.outer_key[i];
	return bpf_map_lookup_elem(&outer, key);
}

static __always_inline void note_version(__u32 version)
{
	__u8 one = 1;

	if (counters.started && counters.version == version)
		return;
	counters.started = 1;
	counters.version = version;
	counters.since = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&seen, &version, &one, BPF_NOEXIST) == 0)
		counters.versions++;
}

SEC("socket")
int read_pass(struct __sk_buff *packet)
{
	/* Whatever the template's key size, an integer in the first bytes and zeros behind it. */
	__u8 key[READER_KEY_MAX] __attribute__((aligned(8))) = {};
	void *inner = inner_map();
	__u32 first = 0, found = 0, differing = 0;

	counters.reads++;
	if (!inner) {
		counters.nulls++;
		return 0;
	}
	for (__u32 i = 0; i < READER_ENTRIES_MAX; i++) {
		const volatile __u32 *stamp;

		if (i >= settings.entries)
			break;
		*(__u32 *)key = i;
		stamp = bpf_map_lookup_elem(inner, key);
		if (!stamp) {
			counters.missing++;
			continue;
		}
		if (!found) {
			found = 1;
			first = *stamp;
		} else {
			differing |= *stamp ^ first;
		}
	}
	if (differing)
		counters.mixed++;
	if (found)
		note_version(first);
	return 0;
}

SEC("socket")
int increment_entry(struct __sk_buff *packet)
{
	__u8 key[READER_KEY_MAX] __attribute__((aligned(8)));
	void *inner = inner_map();
	void *value;

	counters.reads++;
	if (!inner) {
		counters.nulls++;
		return 0;
	}
	for (int i = 0; i < READER_KEY_MAX; i++)
		key[i] = settings.inner_key[i];
	if (settings.in_turns > 1)
		*(__u32 *)key += (__u32)counters.reads % settings.in_turns;
	value = bpf_map_lookup_elem(inner, key);
	if (!value) {
		counters.missing++;
		return 0;
	}
	__sync_fetch_and_add((__u64 *)(value + settings.offset), 1);
	counters.increments++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
