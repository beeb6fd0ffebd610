// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* A program of somebody else, with a spin lock in its template: a token bucket whose rate is declared. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "slot.h"

struct bucket {
	struct bpf_spin_lock lock;
	__u32 rate;
	__u64 taken;
};

struct buckets {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct bucket);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u32);
	__array(values, struct buckets);
} slots SEC(".maps");

/* clang 14 leaves out structs that only a template names. */
struct {
	struct bucket bucket;
} shapes;

SEC("tc")
int look(struct __sk_buff *skb)
{
	struct bucket *bucket;
	__u32 slot, key = 7;
	void *buckets;
	int rate;

	if (read_slot(skb, &slot))
		return ABSENT;
	buckets = bpf_map_lookup_elem(&slots, &slot);
	if (!buckets)
		return ABSENT;
	bucket = bpf_map_lookup_elem(buckets, &key);
	if (!bucket)
		return ABSENT;
	bpf_spin_lock(&bucket->lock);
	bucket->taken += 1;
	rate = bucket->rate;
	bpf_spin_unlock(&bucket->lock);
	return rate;
}

char _license[] SEC("license") = "Dual BSD/GPL";
