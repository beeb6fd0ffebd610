/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include "bpf.h"
#include "crew.h"
#include "directory.h"
#include "strings.h"

struct wave {
	int fd;
	const unsigned char *keys;
	uint32_t key_size;
	/* To put there, and where ids go. */
	const uint32_t *fds;
	uint32_t *ids;
	int32_t *answers;
	/* Of a delete: where the pins lie, and the name of each. */
	int directory;
	const char *const *pins;
};

static const void *key_at(const struct wave *wave, uint32_t at)
{
	return wave->keys + (size_t)wave->key_size * at;
}

static void update_one(void *context, uint32_t at)
{
	const struct wave *wave = context;

	int answer = innermap_update(wave->fd, key_at(wave, at), &wave->fds[at], BPF_ANY);

	for (int tries = 1; tries < TRIES && passes(answer); tries++)
		answer = innermap_update(wave->fd, key_at(wave, at), &wave->fds[at], BPF_ANY);
	wave->answers[at] = answer;
}

static void lookup_one(void *context, uint32_t at)
{
	const struct wave *wave = context;

	wave->answers[at] = innermap_lookup(wave->fd, key_at(wave, at), &wave->ids[at]);
}

/* The pin goes on the thread that waited for its key, while others wait for theirs. */
static void delete_one(void *context, uint32_t at)
{
	const struct wave *wave = context;
	int answer = innermap_delete(wave->fd, key_at(wave, at));
	int unlinked = 0;

	for (int tries = 1; tries < TRIES && passes(answer); tries++)
		answer = innermap_delete(wave->fd, key_at(wave, at));
	if (wave->pins && wave->pins[at][0] != 0 && (answer == 0 || answer == -ENOENT))
		unlinked = unlink_in(wave->directory, wave->pins[at]);
	wave->answers[at] = unlinked < 0 ? -unlinked : answer;
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

static int delete_unpinning(struct wave *wave, uint32_t count, struct string_reader names)
{
	const char *pins[EACH_MOST];
	int sum;

	wave->directory = open_directory(next_string(&names));
	for (uint32_t at = 0; at < count; at++)
		pins[at] = next_string(&names);
	wave->pins = pins;
	sum = refused(wave, count, delete_one);
	if (wave->directory >= 0)
		close(wave->directory);
	return sum;
}

int innermap_delete_each(int fd, const void *keys, uint32_t key_size, int32_t *answers, uint32_t count,
			 const char *names, uint32_t size)
{
	struct wave wave = { .fd = fd, .keys = keys, .key_size = key_size, .answers = answers };
	struct strings strings = { .bytes = names, .size = size };
	struct string_reader reader = strings_at(&strings, 0);

	if (count > EACH_MOST)
		return -E2BIG;
	if (size == 0)
		return refused(&wave, count, delete_one);
	return has_strings(reader, count + 1) ? delete_unpinning(&wave, count, reader) : -EINVAL;
}
