// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* A program of somebody else, with unions in key and value, as load balancers have them for both families of addresses. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "slot.h"

struct endpoint {
	union {
		__be32 vip;
		__be32 vipv6[4];
	};
	__u16 port;
	__u8 proto;
};

struct real {
	union {
		__be32 dst;
		__be32 dstv6[4];
	};
	__u8 flags;
	__u64 packets;
};

struct reals {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct endpoint);
	__type(value, struct real);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u32);
	__array(values, struct reals);
} slots SEC(".maps");

/* clang 14 leaves out structs that only a template names. */
struct {
	struct endpoint endpoint;
	struct real real;
} shapes;

SEC("tc")
int look(struct __sk_buff *skb)
{
	struct endpoint endpoint;
	struct real *real;
	__u32 slot;
	void *reals;

	if (read_slot(skb, &slot))
		return ABSENT;
	reals = bpf_map_lookup_elem(&slots, &slot);
	if (!reals)
		return ABSENT;
	__builtin_memset(&endpoint, 0, sizeof(endpoint));
	endpoint.vip = __builtin_bswap32(0x0a010007);
	endpoint.port = 443;
	endpoint.proto = 6;
	real = bpf_map_lookup_elem(reals, &endpoint);
	if (!real)
		return ABSENT;
	__sync_fetch_and_add(&real->packets, 1);
	return real->flags;
}

char _license[] SEC("license") = "Dual BSD/GPL";
