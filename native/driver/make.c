// SPDX-License-Identifier: Apache-2.0
/*
 * Makes, pins and fills an outer map as a stranger's loader does, for tests of adopting and of foreign entries.
 *
 * Outer keys are 0 to inners - 1, inner keys 0 to entries - 1 (an LPM trie: as many full-length prefixes), integers of
 * the host's byte order in a key's first four bytes; each value begins with the stamp as u32, on every CPU.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"

#define KEY_MAX 512

struct layout {
	enum bpf_map_type type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	uint32_t extra;
};

static int create(const struct layout *layout, const char *name, int template)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = layout->flags, .inner_map_fd = template,
		    .map_extra = layout->extra);
	int fd = bpf_map_create(layout->type, name, layout->key_size, layout->value_size, layout->max_entries, &options);

	if (fd < 0)
		fail(fd, "Cannot create %s map %s, key %u value %u maxEntries %u flags %#x",
		     libbpf_bpf_map_type_str(layout->type), name, layout->key_size, layout->value_size,
		     layout->max_entries, layout->flags);
	return fd;
}

/* What user space hands over: a per-CPU type has one value for each possible CPU, each rounded up to eight bytes. */
static uint32_t cpu_count(enum bpf_map_type type)
{
	bool per_cpu = type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
		       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

	return per_cpu ? libbpf_num_possible_cpus() : 1;
}

static void write_key(const struct layout *layout, uint32_t index, uint8_t *key)
{
	uint32_t length = (layout->key_size - sizeof(uint32_t)) * 8, address = htonl(index);

	memset(key, 0, layout->key_size);
	if (layout->type != BPF_MAP_TYPE_LPM_TRIE) {
		memcpy(key, &index, layout->key_size < sizeof(index) ? layout->key_size : sizeof(index));
		return;
	}
	memcpy(key, &length, sizeof(length));
	memcpy(key + layout->key_size - sizeof(address), &address, sizeof(address));
}

static void fill(int inner, const struct layout *layout, uint32_t entries, uint32_t stamp)
{
	uint32_t cpus = cpu_count(layout->type), step = (layout->value_size + 7) / 8 * 8;
	uint8_t key[KEY_MAX], *value = calloc(cpus, step);

	if (!value)
		fail(ENOMEM, "Cannot fill inner map");
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		memcpy(value + cpu * step, &stamp, layout->value_size < sizeof(stamp) ? layout->value_size : sizeof(stamp));
	for (uint32_t index = 0; index < entries; index++) {
		int error;

		write_key(layout, index, key);
		error = bpf_map_update_elem(inner, key, value, BPF_ANY);
		if (error)
			fail(error, "Cannot write entry %u of an inner map", index);
	}
	free(value);
}

static struct layout outer_layout(const struct arguments *arguments)
{
	const char *type = text(arguments, "type");
	bool hash = strcmp(type, "hash") == 0;

	if (!hash && strcmp(type, "array") != 0)
		refuse("Cannot read --type: %s is neither hash nor array", type);
	return (struct layout){
		.type = hash ? BPF_MAP_TYPE_HASH_OF_MAPS : BPF_MAP_TYPE_ARRAY_OF_MAPS,
		.key_size = number_or(arguments, "key-size", 4, KEY_MAX),
		.value_size = sizeof(uint32_t),
		.max_entries = number_or(arguments, "max", 1024, UINT32_MAX),
	};
}

static struct layout inner_layout(const struct arguments *arguments)
{
	enum bpf_map_type type = map_type(text_or(arguments, "inner", "hash"));
	bool trie = type == BPF_MAP_TYPE_LPM_TRIE;

	struct layout layout = {
		.type = type,
		.key_size = number_or(arguments, "inner-key-size", trie ? 8 : 4, KEY_MAX),
		.value_size = number_or(arguments, "inner-value-size", 4, 1 << 20),
		.max_entries = number_or(arguments, "inner-max", 128, UINT32_MAX),
		.flags = number_or(arguments, "inner-flags", trie ? BPF_F_NO_PREALLOC : 0, UINT32_MAX),
		.extra = number_or(arguments, "inner-extra", 0, UINT32_MAX),
	};

	if (trie && layout.key_size < 8)
		refuse("Cannot read --inner-key-size: a trie's key has at least 8 bytes here, a length and an address");
	return layout;
}

int command_make(int count, char **words)
{
	static const char *const known[] = { "pin", "type", "max", "key-size", "inner", "inner-key-size",
					     "inner-value-size", "inner-max", "inner-flags", "inner-extra", "inners",
					     "entries", "stamp", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	struct layout outer_map = outer_layout(&arguments), inner_map = inner_layout(&arguments);
	uint32_t inners = number_or(&arguments, "inners", 0, UINT32_MAX);
	uint32_t entries = number_or(&arguments, "entries", 0, UINT32_MAX);
	int template = create(&inner_map, "template", 0), outer = create(&outer_map, "foreign", template), error;
	uint8_t key[KEY_MAX];

	close(template);
	printf("{\"outer\":%u,\"inners\":[", map_info(outer, "outer map").id);
	for (uint32_t index = 0; index < inners; index++) {
		int inner = create(&inner_map, "foreign_inner", 0);

		fill(inner, &inner_map, entries, number_or(&arguments, "stamp", 1, UINT32_MAX));
		write_key(&outer_map, index, key);
		error = bpf_map_update_elem(outer, key, &inner, BPF_ANY);
		if (error)
			fail(error, "Cannot insert inner map %u", index);
		printf("%s%u", index ? "," : "", map_info(inner, "inner map").id);
		close(inner);
	}
	printf("]}\n");
	error = pin(outer, text(&arguments, "pin"), false);
	if (error)
		fail(error, "Cannot pin %s", text(&arguments, "pin"));
	return 0;
}
