// SPDX-License-Identifier: Apache-2.0
/* Today's way: one bpf_map_update_elem for each entry, and one for each outer key, each waiting its own grace period. */
#include <stdio.h>
#include <unistd.h>
#include "work.h"

static int make_inner(const struct work *work, const struct content *content, uint32_t map)
{
	const uint8_t *keys = keys_of(content, work, map);
	const uint32_t *values = values_of(content, work, map);
	int inner = create_inner(work);

	for (uint32_t i = 0; i < work->entries; i++) {
		int error = bpf_map_update_elem(inner, keys + i * work->key_size, &values[i], BPF_ANY);

		if (error)
			fail(error, "Cannot write entry %u of inner map %u", i, map);
	}
	return inner;
}

int main(int count, char **words)
{
	struct work work = work_of(count - 1, words + 1);
	struct content content = make_content(&work, 1);
	int outer = create_outer(&work);
	double start, seconds;

	enter_pins(&work);
	start = now();

	for (uint32_t map = 0; map < work.maps; map++) {
		int inner = make_inner(&work, &content, map);
		int error = bpf_map_update_elem(outer, &map, &inner, BPF_ANY);

		if (error)
			fail(error, "Cannot insert outer key %u", map);
		pin_inner(&work, inner, map, false);
		close(inner);
	}
	seconds = now() - start;
	release(outer, &work);
	free_content(content);
	report("onebyone", &work, seconds);
	return 0;
}
