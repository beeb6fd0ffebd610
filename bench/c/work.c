// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "work.h"

/* Files that are no inner maps: standard streams, the outer map, libbpf's. */
#define OTHER_FILES 64
#define RELEASE_SECONDS 10

static void say_and_exit(int status, const char *format, va_list values, const char *reason)
{
	vfprintf(stderr, format, values);
	fprintf(stderr, ": %s\n", reason);
	exit(status);
}

void fail(int error, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say_and_exit(1, format, values, strerrordesc_np(abs(error)));
	abort();
}

static void refuse(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say_and_exit(2, format, values, "see bench/README.md");
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static uint32_t number(const char *name, const char *value)
{
	char *end;
	unsigned long result = strtoul(value, &end, 10);

	if (*end || end == value || result == 0 || result > UINT32_MAX)
		refuse("Cannot read %s: %s is not an integer from 1 on", name, value);
	return result;
}

static enum bpf_map_type inner_type(const char *value)
{
	if (strcmp(value, "hash") == 0)
		return BPF_MAP_TYPE_HASH;
	if (strcmp(value, "lpm") == 0)
		return BPF_MAP_TYPE_LPM_TRIE;
	if (strcmp(value, "array") != 0)
		refuse("Cannot read --type: %s is none of hash, lpm, array", value);
	return BPF_MAP_TYPE_ARRAY;
}

static enum bpf_map_type outer_type(const char *value)
{
	if (strcmp(value, "hash") == 0)
		return BPF_MAP_TYPE_HASH_OF_MAPS;
	if (strcmp(value, "array") != 0)
		refuse("Cannot read --outer: %s is neither hash nor array", value);
	return BPF_MAP_TYPE_ARRAY_OF_MAPS;
}

static void read_option(struct work *work, const char *name, const char *value)
{
	if (strcmp(name, "--maps") == 0 || strcmp(name, "--of") == 0)
		work->maps = number(name, value);
	else if (strcmp(name, "--change") == 0)
		work->change = number(name, value);
	else if (strcmp(name, "--entries") == 0)
		work->entries = number(name, value);
	else if (strcmp(name, "--threads") == 0)
		work->threads = number(name, value);
	else if (strcmp(name, "--max-entries") == 0)
		work->max_entries = number(name, value);
	else if (strcmp(name, "--type") == 0)
		work->type = inner_type(value);
	else if (strcmp(name, "--outer") == 0)
		work->outer_type = outer_type(value);
	else if (strcmp(name, "--pins") == 0)
		work->pins = value;
	else
		refuse("Cannot read arguments: %s is unknown", name);
}

struct work work_of(int count, char **words)
{
	struct work work = { .maps = 10000, .entries = 100, .threads = 1, .type = BPF_MAP_TYPE_HASH,
			     .outer_type = BPF_MAP_TYPE_HASH_OF_MAPS };

	for (int i = 0; i < count; i += 2) {
		if (i + 1 == count)
			refuse("Cannot read arguments: %s has no value", words[i]);
		read_option(&work, words[i], words[i + 1]);
	}
	if (!work.change || work.change > work.maps)
		work.change = work.maps;
	if (!work.max_entries)
		work.max_entries = work.entries;
	if (work.max_entries < work.entries)
		refuse("Cannot fill %u entries: --max-entries is %u", work.entries, work.max_entries);
	work.key_size = work.type == BPF_MAP_TYPE_LPM_TRIE ? 8 : 4;
	work.flags = work.type == BPF_MAP_TYPE_LPM_TRIE ? BPF_F_NO_PREALLOC : 0;
	return work;
}

void report(const char *what, const struct work *work, double seconds)
{
	printf("{\"what\":\"%s\",\"maps\":%u,\"entries\":%u,\"threads\":%u,\"seconds\":%.6f}\n", what, work->maps,
	       work->entries, work->threads, seconds);
}

int create_inner(const struct work *work)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = work->flags);
	int fd = bpf_map_create(work->type, "bench", work->key_size, VALUE_SIZE, work->max_entries, &options);

	if (fd < 0)
		fail(fd, "Cannot create inner map");
	return fd;
}

int create_outer(const struct work *work)
{
	int template = create_inner(work);
	LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = template);
	int outer = bpf_map_create(work->outer_type, "bench", sizeof(uint32_t), sizeof(uint32_t), work->maps, &options);

	if (outer < 0)
		fail(outer, "Cannot create outer map");
	close(template);
	return outer;
}

uint32_t chunk_of(const struct work *work)
{
	struct rlimit limit;
	uint32_t open_maps;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	open_maps = limit.rlim_max < UINT32_MAX ? limit.rlim_max : UINT32_MAX;
	if (open_maps < OTHER_FILES + work->threads)
		fail(EMFILE, "Cannot hold inner maps: the limit of open files is %u", open_maps);
	return (open_maps - OTHER_FILES) / work->threads;
}

uint32_t *read_ids(int outer, const struct work *work)
{
	/* One more than there can be, so that one call reaches the end. */
	uint32_t count = work->maps + 1, token, *keys = malloc(count * sizeof(*keys)), *ids = malloc(count * sizeof(*ids));
	uint32_t *by_key = calloc(work->maps, sizeof(*by_key));
	int error;

	if (!keys || !ids || !by_key)
		fail(ENOMEM, "Cannot hold %u ids", work->maps);
	error = bpf_map_lookup_batch(outer, NULL, &token, keys, ids, &count, NULL);
	if (error && error != -ENOENT)
		fail(error, "Cannot read outer map");
	for (uint32_t i = 0; i < count; i++)
		by_key[keys[i]] = ids[i];
	free(keys);
	free(ids);
	return by_key;
}

void release(int outer, const struct work *work)
{
	uint32_t *ids = read_ids(outer, work);
	double end = now() + RELEASE_SECONDS;

	for (uint32_t i = 0; i < work->maps; i++)
		if (ids[i])
			unpin(work, i);
	close(outer);
	for (uint32_t i = 0; i < work->maps && now() < end;) {
		int fd = ids[i] ? bpf_map_get_fd_by_id(ids[i]) : -ENOENT;

		if (fd == -ENOENT) {
			i++;
			continue;
		}
		if (fd < 0)
			fail(fd, "Cannot ask for inner map %u", ids[i]);
		close(fd);
		usleep(1000);
	}
	free(ids);
}
