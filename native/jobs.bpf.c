// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * For tests: inner maps whose values hold a list of the kernel's, which user space gets as two of the kernel's addresses.
 * Linux 6.6 and newer: the node's size is that of its UAPI header.
 */
#define bpf_spin_lock header_bpf_spin_lock
#define bpf_list_head header_bpf_list_head
#define bpf_list_node header_bpf_list_node
#include <linux/bpf.h>
#undef bpf_spin_lock
#undef bpf_list_head
#undef bpf_list_node
struct bpf_spin_lock {
	__u32 val;
};
struct bpf_list_head {
	__u64 opaque[2];
};
struct bpf_list_node {
	__u64 opaque[3];
};
#include <bpf/bpf_helpers.h>

struct job {
	struct bpf_list_node node;
	__u64 id;
};

struct jobs {
	struct bpf_spin_lock lock;
	struct bpf_list_head head __attribute__((btf_decl_tag("contains:job:node")));
	__u32 most;
};

struct queues {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct jobs);
} of_web SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u32);
	__array(values, struct queues);
} queues SEC(".maps") = { .values = { [7] = &of_web } };

/* Named for its type to be in the BTF. */
struct job *volatile none;

SEC("xdp")
int is_known(struct xdp_md *context)
{
	__u32 key = context->ingress_ifindex;

	return bpf_map_lookup_elem(&queues, &key) && !none ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
