// SPDX-License-Identifier: Apache-2.0
/* A wave of inner maps. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>
#include "fill.h"
#include "map.h"
#include "strings.h"

/* What requests point into. */
struct arenas {
	const uint8_t *keys;
	const uint8_t *values;
	struct strings strings;
	const uint64_t *sizes;
	/* Of the whole call. */
	struct patience *patience;
};

static uint64_t stride_of(const struct innermap_request *request, uint64_t possible_cpus)
{
	return map_is_per_cpu(request->type) ? rounded_up(request->value_size) * possible_cpus : request->value_size;
}

/* `count` times `size` may be beyond 64 bits. */
static bool is_within(uint64_t offset, uint64_t count, uint64_t size, uint64_t arena)
{
	return offset <= arena && (size == 0 || count <= (arena - offset) / size);
}

static bool has_entries(const struct innermap_request *request, const struct arenas *arenas, struct pairs *pairs)
{
	uint64_t stride = stride_of(request, arenas->sizes[SIZE_POSSIBLE_CPUS]);

	if (!is_within(request->keys, request->count, request->key_size, arenas->sizes[SIZE_KEYS]) ||
	    !is_within(request->values, request->count, stride, arenas->sizes[SIZE_VALUES]))
		return false;
	*pairs = (struct pairs){ .keys = arenas->keys + request->keys,
				 .values = arenas->values + request->values,
				 .count = request->count,
				 .key_size = request->key_size,
				 .stride = stride,
				 .patience = arenas->patience };
	return true;
}

static int create(const struct innermap_request *request, const char *name)
{
	const uint32_t options[OPTIONS] = {
		[OPTION_FLAGS] = request->flags,
		[OPTION_BTF_FD] = request->btf_fd,
		[OPTION_BTF_KEY] = request->btf_key,
		[OPTION_BTF_VALUE] = request->btf_value,
	};

	return innermap_create(request->type, name, request->key_size, request->value_size, request->max_entries,
			       options);
}

static void unlink_first(struct string_reader pins, uint32_t count)
{
	while (count-- > 0)
		unlink(next_string(&pins));
}

/* One that cannot be made takes back those before it. */
static int pin_all(int fd, const struct string_reader pins, uint32_t count, uint32_t *at)
{
	struct string_reader rest = pins;

	for (*at = 0; *at < count; *at += 1) {
		int pinned = innermap_pin(fd, next_string(&rest));

		if (pinned < 0) {
			unlink_first(pins, *at);
			return pinned;
		}
	}
	return 0;
}

static int read_id(int fd, uint32_t *id)
{
	struct bpf_map_info info;
	int answer = map_info(fd, &info);

	*id = info.id;
	return answer;
}

/* Fills, freezes, then pins: a pinned map is complete. */
static int finish(int fd, const struct innermap_request *request, const struct pairs *pairs,
		  const struct string_reader pins, struct innermap_answer *answer)
{
	int failed;

	answer->step = STEP_FILL;
	failed = fill(fd, pairs, &answer->at);
	if (failed < 0)
		return failed;
	answer->step = STEP_FREEZE;
	failed = request->freeze ? innermap_freeze(fd) : 0;
	if (failed < 0)
		return failed;
	answer->step = STEP_ID;
	failed = read_id(fd, &answer->id);
	if (failed < 0)
		return failed;
	answer->step = STEP_PIN;
	return pin_all(fd, pins, request->pin_count, &answer->at);
}

/* The fd, or -errno: then nothing of the map is left. */
static int build_one(const struct innermap_request *request, const struct arenas *arenas,
		     struct innermap_answer *answer)
{
	struct string_reader name = strings_at(&arenas->strings, request->name);
	struct string_reader pins = strings_at(&arenas->strings, request->pins);
	struct pairs pairs;
	int fd, failed;

	answer->step = STEP_TABLE;
	if (!has_entries(request, arenas, &pairs) || !has_strings(name, 1) || !has_strings(pins, request->pin_count))
		return -EINVAL;
	answer->step = STEP_CREATE;
	fd = create(request, next_string(&name));
	if (fd < 0)
		return fd;
	failed = finish(fd, request, &pairs, pins, answer);
	if (failed == 0)
		return fd;
	close(fd);
	return failed;
}

void innermap_build(const struct innermap_request *requests, struct innermap_answer *answers, const void *keys,
		    const void *values, const void *strings, const uint64_t sizes[SIZES])
{
	struct patience patience = { .left = PATIENCE };
	struct arenas arenas = { .keys = keys,
				 .values = values,
				 .strings = { .bytes = strings, .size = sizes[SIZE_STRINGS] },
				 .sizes = sizes,
				 .patience = &patience };

	for (uint64_t at = 0; at < sizes[SIZE_COUNT]; at++) {
		answers[at] = (struct innermap_answer){ 0 };
		answers[at].fd = build_one(&requests[at], &arenas, &answers[at]);
	}
}
