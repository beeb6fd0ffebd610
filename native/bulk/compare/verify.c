/* SPDX-License-Identifier: Apache-2.0 */
/* Whether inner maps are as declared. Whatever is not plainly so is left to a reading, which says what it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>
#include "map.h"
#include "places.h"
#include "scan.h"
#include "strings.h"

/* One call: what it was given, and what all its maps are read with. */
struct verifying {
	const struct innermap_expected *all;
	const uint8_t *keys;
	const uint8_t *values;
	const uint8_t *mask;
	struct scan scan;
	struct places places;
};

static bool is_array(const struct verifying *verifying)
{
	return verifying->all->type == BPF_MAP_TYPE_ARRAY || verifying->all->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* NULL as `declared`: zeros. */
static bool same_value(const struct verifying *verifying, const uint8_t *found, const uint8_t *declared)
{
	uint32_t size = verifying->all->stride;

	if (declared && memcmp(found, declared, size) == 0)
		return true;
	if (declared && !verifying->mask)
		return false;
	for (uint32_t at = 0; at < size; at++) {
		uint8_t difference = found[at] ^ (declared ? declared[at] : 0);

		if (difference & (verifying->mask ? verifying->mask[at] : 0xff))
			return false;
	}
	return true;
}

static bool is_as_declared(struct verifying *verifying, const struct innermap_expectation *one, uint32_t at,
			   uint32_t *left)
{
	const uint8_t *value = verifying->scan.values + (size_t)at * verifying->all->stride;
	uint32_t place = places_take(&verifying->places, verifying->scan.keys + (size_t)at * verifying->all->key_size);

	if (place == PLACE_NONE)
		return !one->is_exact || (is_array(verifying) && same_value(verifying, value, NULL));
	*left -= 1;
	return same_value(verifying, value, verifying->values + ((size_t)one->from + place) * verifying->all->stride);
}

static bool has_contents(struct verifying *verifying, const struct innermap_expectation *one, int fd)
{
	uint32_t left = one->count;
	struct scan *scan = &verifying->scan;

	if (!map_has_contents(verifying->all->type))
		return left == 0;
	if (places_begin(&verifying->places, verifying->keys + (size_t)one->from * verifying->all->key_size, left) < 0)
		return false;
	if (scan_begin(scan, fd, one->max_entries) < 0)
		return false;
	while (!scan->is_over) {
		if (scan_next(scan) < 0)
			return false;
		for (uint32_t at = 0; at < scan->count; at++)
			if (!is_as_declared(verifying, one, at, &left))
				return false;
	}
	return left == 0;
}

static bool is_map(const struct verifying *verifying, const struct innermap_expectation *one, int fd)
{
	const struct innermap_expected *all = verifying->all;
	struct bpf_map_info info;

	return map_info(fd, &info) == 0 && info.id == one->id && info.type == all->type &&
	       info.key_size == all->key_size && info.value_size == all->value_size && info.map_flags == all->flags &&
	       info.max_entries == one->max_entries && innermap_is_frozen(fd) == (one->is_frozen != 0);
}

/*
 * By its id, which is three times as quick as by its pin but needs CAP_SYS_ADMIN: once that was denied it is not asked for
 * again, as security modules log each time.
 */
static int open_inner(const struct innermap_expectation *one, const char *paths)
{
	static bool is_denied;
	char object[OBJECT_NAME];
	int fd = -EPERM;

	if (!__atomic_load_n(&is_denied, __ATOMIC_RELAXED))
		fd = innermap_fd_by_id(one->id);
	if (fd != -EPERM)
		return fd;
	__atomic_store_n(&is_denied, true, __ATOMIC_RELAXED);
	return one->pin == INNERMAP_NO_PIN ? fd : innermap_get(paths + one->pin, object);
}

static bool is_as_expected(struct verifying *verifying, const struct innermap_expectation *one, const char *paths)
{
	int fd = open_inner(one, paths);
	bool is_so;

	if (fd < 0)
		return false;
	is_so = is_map(verifying, one, fd) && has_contents(verifying, one, fd);
	close(fd);
	return is_so;
}

static bool is_inside(const struct innermap_expected *all, const struct innermap_expectation *one, const char *paths)
{
	struct strings strings = { .bytes = paths, .size = all->path_bytes };
	bool has_path = one->pin == INNERMAP_NO_PIN || has_strings(strings_at(&strings, one->pin), 1);

	return has_path && (uint64_t)one->from + one->count <= all->entries;
}

int innermap_verify(const struct innermap_expected *all, const struct innermap_expectation *each, const char *paths,
		    const uint8_t *keys, const uint8_t *values, const uint8_t *mask, uint8_t *same)
{
	struct verifying verifying = { .all = all, .keys = keys, .values = values, .mask = mask };

	if (!map_is_per_cpu(all->type) && all->stride != all->value_size)
		return -EINVAL;
	for (uint32_t at = 0; at < all->maps; at++)
		if (!is_inside(all, &each[at], paths))
			return -EINVAL;
	verifying.scan.key_size = verifying.places.key_size = all->key_size;
	verifying.scan.stride = all->stride;
	verifying.places.are_prefixes = all->type == BPF_MAP_TYPE_LPM_TRIE;
	for (uint32_t at = 0; at < all->maps; at++)
		same[at] = is_as_expected(&verifying, &each[at], paths);
	scan_free(&verifying.scan);
	places_free(&verifying.places);
	return 0;
}
