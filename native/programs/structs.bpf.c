// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* A program of somebody else, with a struct in its template: what `look` answers to is declared, what it counts is its own. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "slot.h"

struct service {
	__be16 port;
	__u8 proto;
};

struct rule {
	__u32 action;
	__u64 packets;
	char note[8];
};

struct rules {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct service);
	__type(value, struct rule);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u32);
	__array(values, struct rules);
} slots SEC(".maps");

/* clang 14 leaves out structs that only a template names. */
struct {
	struct service service;
	struct rule rule;
} shapes;

SEC("tc")
int look(struct __sk_buff *skb)
{
	struct service https;
	struct rule *rule;
	void *rules;
	__u32 slot;

	if (read_slot(skb, &slot))
		return ABSENT;
	rules = bpf_map_lookup_elem(&slots, &slot);
	if (!rules)
		return ABSENT;
	__builtin_memset(&https, 0, sizeof(https));
	https.port = __builtin_bswap16(443);
	https.proto = 6;
	rule = bpf_map_lookup_elem(rules, &https);
	if (!rule)
		return ABSENT;
	__sync_fetch_and_add(&rule->packets, 1);
	return rule->action;
}

char _license[] SEC("license") = "Dual BSD/GPL";
