/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/bpf.h>
#include <stddef.h>

#include "crew.h"
#include "innermap.h"

struct wave {
	int fd;
	const unsigned char *keys;
	uint32_t key_size;
	/* To put there, and where ids go. */
	const uint32_t *fds;
	uint32_t *ids;
	int32_t *answers;
};

static const void *key_at(const struct wave *wave, uint32_t at)
{
	return wave->keys + (size_t)wave->key_size * at;
}

static void update_one(void *context, uint32_t at)
{
	const struct wave *wave = context;

	wave->answers[at] = innermap_update(wave->fd, key_at(wave, at), &wave->fds[at], BPF_ANY);
}

static void lookup_one(void *context, uint32_t at)
{
	const struct wave *wave = context;

	wave->answers[at] = innermap_lookup(wave->fd, key_at(wave, at), &wave->ids[at]);
}

static void delete_one(void *context, uint32_t at)
{
	const struct wave *wave = context;

	wave->answers[at] = innermap_delete(wave->fd, key_at(wave, at));
}

static int refused(struct wave *wave, uint32_t count, crew_part *part)
{
	int sum = 0;

	crew_run(CREW_MOST, count, part, wave);
	for (uint32_t at = 0; at < count; at++)
		sum += wave->answers[at] != 0;
	return sum;
}

int innermap_update_each(int fd, const void *keys, uint32_t key_size, const uint32_t *fds, int32_t *answers,
			 uint32_t count)
{
	struct wave wave = { .fd = fd, .keys = keys, .key_size = key_size, .fds = fds, .answers = answers };

	return refused(&wave, count, update_one);
}

int innermap_lookup_each(int fd, const void *keys, uint32_t key_size, uint32_t *ids, int32_t *answers, uint32_t count)
{
	struct wave wave = { .fd = fd, .keys = keys, .key_size = key_size, .ids = ids, .answers = answers };

	return refused(&wave, count, lookup_one);
}

int innermap_delete_each(int fd, const void *keys, uint32_t key_size, int32_t *answers, uint32_t count)
{
	struct wave wave = { .fd = fd, .keys = keys, .key_size = key_size, .answers = answers };

	return refused(&wave, count, delete_one);
}
