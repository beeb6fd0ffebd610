// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "innermap.h"
#include "sip.h"
#include "walk.h"

static int layout_of(struct hash_layout *layout, const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask)
{
	*layout = (struct hash_layout){ sizes[DIGEST_KEY], sizes[DIGEST_VALUE], mask, sizes[DIGEST_ARRAY] != 0 };
	if (layout->key_size > HASH_MOST_BYTES || layout->value_size > HASH_MOST_BYTES)
		return -E2BIG;
	return layout->key_size + layout->value_size > HASH_MOST_BYTES ? -E2BIG : 0;
}

int innermap_digest(const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask, const uint32_t *counts,
		    const uint8_t *entries, uint64_t *digests)
{
	const uint32_t maps = sizes[DIGEST_MAPS];
	struct hash_layout layout;
	struct hash_key key;
	int error = layout_of(&layout, sizes, mask);

	if (error == 0)
		error = hash_key_of_process(&key);
	if (error < 0)
		return error;
	for (uint32_t map = 0; map < maps; map++) {
		const uint8_t *values = entries + (size_t)counts[map] * layout.key_size;

		digests[map] = hash_entries(&key, &layout, counts[map], entries, values);
		entries = values + (size_t)counts[map] * layout.value_size;
	}
	return 0;
}

/* The callback: adds an entry's hash, and ends the walk where there are more entries than are declared. */
static void code_sum(struct innermap_code *code, const struct hash_key *key, const struct hash_layout *layout)
{
	enum { LABEL_NEXT = LABEL_FREE };

	code_hash(code, key, layout, LABEL_NEXT);
	code_load(code, BPF_DW, BPF_REG_0, BPF_REG_4, WALK_SUM);
	code_alu(code, BPF_ADD, BPF_REG_0, BPF_REG_5);
	code_store(code, BPF_DW, BPF_REG_4, WALK_SUM, BPF_REG_0);
	code_load(code, BPF_DW, BPF_REG_1, BPF_REG_4, WALK_COUNT);
	code_alu_imm(code, BPF_ADD, BPF_REG_1, 1);
	code_store(code, BPF_DW, BPF_REG_4, WALK_COUNT, BPF_REG_1);
	code_load(code, BPF_DW, BPF_REG_2, BPF_REG_4, WALK_MOST);
	code_mov_imm(code, BPF_REG_0, 1);
	code_jump_if(code, BPF_JGT, BPF_REG_1, BPF_REG_2, LABEL_NEXT + 1);
	code_label(code, LABEL_NEXT);
	code_mov_imm(code, BPF_REG_0, 0);
	code_label(code, LABEL_NEXT + 1);
	code_exit(code);
}

static int walk_digests(const struct walk *walk, int outer_fd, const struct hash_layout *layout)
{
	struct innermap_code code;
	struct hash_key key;
	int error = hash_key_of_process(&key), fd;

	if (error == 0)
		error = walk_check_sizes(walk, outer_fd, layout->key_size, layout->value_size);
	if (error < 0)
		return error;
	code_begin(&code);
	code_walk(&code, walk, outer_fd);
	code_sum(&code, &key, layout);
	fd = walk_load(&code);
	if (fd < 0)
		return fd;
	error = walk_next(walk, fd, walk->jobs);
	close(fd);
	return error;
}

int innermap_compare(int outer_fd, const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask, const uint8_t *keys,
		     const uint32_t *counts, const uint64_t *digests, uint8_t *same)
{
	const uint32_t key_size = sizes[DIGEST_OUTER_KEY], maps = sizes[DIGEST_MAPS];
	struct hash_layout layout;
	struct walk walk;
	int error = layout_of(&layout, sizes, mask);

	if (error == 0)
		error = key_size > HASH_MOST_BYTES || maps > DIGEST_MOST_MAPS ? -E2BIG : walk_open(&walk, maps, keys, key_size);
	if (error < 0)
		return error;
	for (uint32_t map = 0; map < maps; map++)
		walk_job(&walk, map)->most = counts[map];
	error = walk_digests(&walk, outer_fd, &layout);
	for (uint32_t map = 0; error == 0 && map < maps; map++) {
		const struct walk_job *job = walk_job(&walk, map);

		same[map] = job->state == JOB_WALKED && job->sum == digests[map] &&
			    (layout.leaves_out_zeros ? job->count <= counts[map] : job->count == counts[map]);
	}
	walk_close(&walk);
	return error;
}
