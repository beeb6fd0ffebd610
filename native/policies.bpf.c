// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * A program as others write them, for what reads types out of one: its outer map's definition has the template, and
 * libbpf fills two of its keys with inner maps that carry their types. The packets that it counts have padding.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum verdict { PASS = 1, DROP = 2 };

typedef __u32 rate_t;

struct policy_key {
	__be16 port;
	__u8 proto;
};

struct policy {
	enum verdict verdict;
	struct {
		rate_t per_second;
		__u64 burst;
	} limit;
	__u8 via[ETH_ALEN];
	char owner[10];
	__u64 packets;
	__u8 seen;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} peer;
	__u32 log : 1;
	__u32 level : 3;
};

struct policies {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct policy_key);
	__type(value, struct policy);
} of_web SEC(".maps"), of_dns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, struct in_addr);
	__array(values, struct policies);
} policies SEC(".maps") = {
	.values = { &of_web, &of_dns },
};

SEC("xdp")
int count_policies(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct policy_key key = {};
	struct policy fresh = { .verdict = PASS };
	struct policy *found;
	void *inner;

	if ((void *)(ip + 1) > (void *)(long)context->data_end)
		return XDP_PASS;
	inner = bpf_map_lookup_elem(&policies, &ip->daddr);
	if (!inner)
		return XDP_PASS;
	key.proto = ip->protocol;
	found = bpf_map_lookup_elem(inner, &key);
	if (!found)
		return bpf_map_update_elem(inner, &key, &fresh, BPF_NOEXIST) ? XDP_ABORTED : XDP_PASS;
	__sync_fetch_and_add(&found->packets, 1);
	return found->verdict == DROP ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
