/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include "bpf.h"
#include "scan.h"

enum { MOST_PASSES = 4 };

/* One more than there can be: then the call that reads the last entry answers ENOENT. */
static uint32_t capacity_for(const struct scan *scan, uint32_t max_entries)
{
	uint64_t most = SCAN_BYTES / ((uint64_t)scan->key_size + scan->stride + 1);
	uint64_t capacity = (uint64_t)max_entries + 1;

	if (most < SCAN_LEAST)
		most = SCAN_LEAST;
	if (capacity > SCAN_ENTRIES)
		capacity = SCAN_ENTRIES;
	return (uint32_t)(capacity < most ? capacity : most);
}

static int make_room(struct scan *scan)
{
	if (scan->capacity <= scan->room)
		return 0;
	scan_free(scan);
	scan->keys = malloc((size_t)scan->capacity * scan->key_size + 1);
	scan->values = malloc((size_t)scan->capacity * scan->stride + 1);
	/* Of a hash the number of a bucket, of a trie a key. */
	scan->token = malloc((size_t)scan->key_size + sizeof(uint32_t));
	if (!scan->keys || !scan->values || !scan->token)
		return -ENOMEM;
	scan->room = scan->capacity;
	return 0;
}

int scan_begin(struct scan *scan, int fd, uint32_t max_entries)
{
	scan->fd = fd;
	scan->is_over = false;
	scan->has_begun = false;
	scan->by_key = false;
	scan->refused = 0;
	scan->left = MOST_PASSES * ((int64_t)max_entries + SCAN_ENTRIES);
	scan->capacity = capacity_for(scan, max_entries);
	return make_room(scan);
}

/* The next entry, behind the others: 0, or ENOENT behind the last. One that goes meanwhile is left out. */
static int read_entry(struct scan *scan)
{
	uint8_t *key = scan->keys + (size_t)scan->count * scan->key_size;
	int answer = innermap_next_key(scan->fd, scan->has_begun ? scan->token : NULL, key);

	if (answer < 0)
		return answer;
	scan->has_begun = true;
	memcpy(scan->token, key, scan->key_size);
	answer = innermap_lookup(scan->fd, key, scan->values + (size_t)scan->count * scan->stride);
	if (answer == 0)
		scan->count++;
	scan->left--;
	return answer == -ENOENT ? 0 : answer;
}

static int next_by_key(struct scan *scan)
{
	int answer = 0;

	scan->count = 0;
	while (!answer && scan->count < scan->capacity && scan->left >= 0)
		answer = read_entry(scan);
	scan->is_over = answer == -ENOENT;
	return scan->is_over ? 0 : answer;
}

static bool has_no_batch(const struct scan *scan, int answer)
{
	return !scan->has_begun && scan->count == scan->capacity && (answer == -ENOTSUPP || answer == -EINVAL);
}

/* A bucket that could not be locked is the next one, as the token says; before the first entry it may say nothing. */
static bool may_go_on(struct scan *scan, int answer)
{
	if (!passes(answer)) {
		scan->refused = 0;
		return false;
	}
	scan->has_begun |= scan->count > 0;
	scan->left -= scan->count;
	return ++scan->refused < TRIES;
}

int scan_next(struct scan *scan)
{
	int answer;

	if (scan->left < 0)
		return -EAGAIN;
	if (scan->by_key)
		return next_by_key(scan);
	scan->count = scan->capacity;
	answer = innermap_lookup_batch(scan->fd, scan->has_begun ? scan->token : NULL, scan->token, scan->keys,
				       scan->values, &scan->count);
	if (has_no_batch(scan, answer)) {
		scan->by_key = true;
		return next_by_key(scan);
	}
	if (may_go_on(scan, answer))
		return 0;
	scan->has_begun = true;
	scan->is_over = answer == -ENOENT;
	if (answer && !scan->is_over)
		return answer;
	scan->left -= scan->count;
	return 0;
}

void scan_free(struct scan *scan)
{
	free(scan->keys);
	free(scan->values);
	free(scan->token);
	scan->keys = scan->values = scan->token = NULL;
	scan->room = 0;
}
