// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* A program of somebody else that tells what it sees through a ring buffer for each key. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "slot.h"

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u32);
	__array(values, struct ring);
} slots SEC(".maps");

SEC("tc")
int look(struct __sk_buff *skb)
{
	__u32 slot;
	void *ring;

	if (read_slot(skb, &slot))
		return ABSENT;
	ring = bpf_map_lookup_elem(&slots, &slot);
	if (!ring)
		return ABSENT;
	return bpf_ringbuf_output(ring, &slot, sizeof(slot), 0) ? ABSENT : 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
