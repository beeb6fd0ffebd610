// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * A small firewall for many tenants, as an XDP program over two outer maps:
 *
 * - tenants (HASH_OF_MAPS): each IPv4 destination has its own rules, found by port and protocol;
 *   each rule counts its packets. No rule, or no tenant: the packet passes.
 * - limits (ARRAY_OF_MAPS): per IP protocol, the longest packet that may come from a source port:
 *   what stops answers of abused DNS and NTP servers.
 *
 * Neither map names a template here: the loader gives one before the load (bpf_map__set_inner_map_fd).
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "tenants.h"

#define FRAGMENT_OFFSET 0x1fff

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, TENANTS_MAX);
	__type(key, __be32);
	__uint(value_size, sizeof(__u32));
} tenants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, LIMITS_PROTOCOLS);
	__type(key, __u32);
	__uint(value_size, sizeof(__u32));
} limits SEC(".maps");

struct packet {
	__be32 destination;
	__u32 bytes;
	__be16 source_port;
	__be16 destination_port;
	__u8 proto;
};

/* False where this firewall has nothing to say: other protocols, and fragments behind the first, which have no ports. */
static __always_inline bool parse(const struct xdp_md *context, struct packet *packet)
{
	const void *end = (const void *)(long)context->data_end;
	const struct ethhdr *ethernet = (const void *)(long)context->data;
	const struct iphdr *ip = (const void *)(ethernet + 1);
	const __be16 *ports;

	if ((const void *)(ip + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return false;
	if (ip->version != 4 || ip->ihl < 5 || (ip->frag_off & bpf_htons(FRAGMENT_OFFSET)))
		return false;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return false;

	/* TCP and UDP both begin with the source and the destination port. */
	ports = (const void *)ip + ip->ihl * 4;
	if ((const void *)(ports + 2) > end)
		return false;

	packet->destination = ip->daddr;
	packet->bytes = bpf_ntohs(ip->tot_len);
	packet->source_port = ports[0];
	packet->destination_port = ports[1];
	packet->proto = ip->protocol;
	return true;
}

static __always_inline bool too_long(const struct packet *packet)
{
	__u32 proto = packet->proto;
	void *ports = bpf_map_lookup_elem(&limits, &proto);
	const __u32 *longest;

	if (!ports)
		return false;
	longest = bpf_map_lookup_elem(ports, &packet->source_port);
	return longest && packet->bytes > *longest;
}

static __always_inline bool refused(const struct packet *packet)
{
	struct tenant_port port;
	struct tenant_rule *rule;
	void *rules = bpf_map_lookup_elem(&tenants, &packet->destination);

	if (!rules)
		return false;
	/* The key's padding is part of the key: declared entries have zeros there. */
	__builtin_memset(&port, 0, sizeof(port));
	port.port = packet->destination_port;
	port.proto = packet->proto;
	rule = bpf_map_lookup_elem(rules, &port);
	if (!rule)
		return false;
	__sync_fetch_and_add(&rule->packets, 1);
	return rule->action == DROP;
}

SEC("xdp")
int filter_tenants(struct xdp_md *context)
{
	struct packet packet = {};

	if (!parse(context, &packet))
		return XDP_PASS;
	return too_long(&packet) || refused(&packet) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
