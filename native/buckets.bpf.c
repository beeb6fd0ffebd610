// SPDX-License-Identifier: Apache-2.0
/*
 * For tests: limits of each tenant, as programs keep them under a lock, and at key 7 an inner map of the loader's own.
 * `take_token` takes one token of the entry 1 of the tenant whose number is in the packet's first word: XDP_PASS, XDP_DROP
 * where none is left, XDP_ABORTED where the tenant has no limit.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bucket {
	struct bpf_spin_lock lock;
	__u32 rate;
	__u64 taken;
};

struct buckets {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct bucket);
} of_loader SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u32);
	__array(values, struct buckets);
} limits SEC(".maps") = { .values = { [7] = &of_loader } };

SEC("xdp")
int take_token(struct xdp_md *context)
{
	const __u32 *tenant = (void *)(long)context->data;
	__u32 key, entry = 1;
	struct bucket *bucket;
	void *tenants_limits;
	int is_passed = 0;

	if ((void *)(tenant + 1) > (void *)(long)context->data_end)
		return XDP_ABORTED;
	key = *tenant;
	tenants_limits = bpf_map_lookup_elem(&limits, &key);
	if (!tenants_limits)
		return XDP_ABORTED;
	bucket = bpf_map_lookup_elem(tenants_limits, &entry);
	if (!bucket)
		return XDP_ABORTED;
	bpf_spin_lock(&bucket->lock);
	if (bucket->taken < bucket->rate) {
		bucket->taken++;
		is_passed = 1;
	}
	bpf_spin_unlock(&bucket->lock);
	return is_passed ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Apache-2.0";
