// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Map iterator, for tests: whoever reads its pin writes 7 into the first word of each value of one map, which the kernel
 * permits though the map is frozen and read-only for programs.
 *   bpftool iter pin iterator.bpf.o PIN map pinned MAP && cat PIN
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_iter__bpf_map_elem {
	void *meta;
	void *map;
	void *key;
	void *value;
};

SEC("iter/bpf_map_elem")
int write_values(struct bpf_iter__bpf_map_elem *element)
{
	__u32 *value = element->value;

	/* Once more at the end, without an element */
	if (value)
		*value = 7;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
