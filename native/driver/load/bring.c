// SPDX-License-Identifier: Apache-2.0
/*
 * Brings a program of somebody else, as its loader does by libbpf alone: loads an object of native/programs, pins its outer
 * map and its program, and fills keys from 0 with inner maps of the template's layout and BTF.
 *
 * With --reuse libbpf takes the outer map that is pinned, and keys that have an inner map are left alone, or get another one
 * with --overwrite. With --stay the inner maps stay open: a line `KEY HEX` writes that value, and what the program puts into
 * a ring buffer is told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"

#define KEYS_MAX 16
#define BYTES_MAX 256

struct bringing {
	struct bpf_object *object;
	struct bpf_map *outer;
	enum bpf_map_type type;
	uint32_t key_size;
	uint32_t value_size;
	struct bpf_map_create_opts options;
	uint32_t max_entries;
	uint8_t key[BYTES_MAX];
	/* By key of the outer map; -1 where it is not ours. */
	int inners[KEYS_MAX];
	struct ring_buffer *rings;
};

/* Before the load, after which libbpf knows the template no more. */
static void read_template(struct bringing *bringing)
{
	const struct bpf_map *inner = bpf_map__inner_map(bringing->outer);

	if (!inner)
		refuse("Cannot bring: slots has no template");
	bringing->type = bpf_map__type(inner);
	bringing->key_size = bpf_map__key_size(inner);
	bringing->value_size = bpf_map__value_size(inner);
	bringing->max_entries = bpf_map__max_entries(inner);
	bringing->options = (struct bpf_map_create_opts){
		.sz = sizeof(bringing->options),
		.map_flags = bpf_map__map_flags(inner),
		.btf_key_type_id = bpf_map__btf_key_type_id(inner),
		.btf_value_type_id = bpf_map__btf_value_type_id(inner),
	};
	if (bringing->key_size > BYTES_MAX || bringing->value_size > BYTES_MAX)
		refuse("Cannot bring: keys and values have at most %d bytes here", BYTES_MAX);
}

static int create_inner(const struct bringing *bringing)
{
	struct bpf_map_create_opts options = bringing->options;
	int fd;

	if (options.btf_value_type_id)
		options.btf_fd = bpf_object__btf_fd(bringing->object);
	fd = bpf_map_create(bringing->type, "theirs", bringing->key_size, bringing->value_size,
			    bringing->max_entries, &options);
	if (fd < 0)
		fail(fd, "Cannot create inner map");
	return fd;
}

static void fill(struct bringing *bringing, uint32_t key, const uint8_t *value, bool overwrite)
{
	int outer = bpf_map__fd(bringing->outer), error, inner;
	uint32_t id;

	bringing->inners[key] = -1;
	if (!overwrite && bpf_map_lookup_elem(outer, &key, &id) == 0)
		return;
	inner = create_inner(bringing);
	error = bringing->key_size ? bpf_map_update_elem(inner, bringing->key, value, BPF_ANY) : 0;
	if (error)
		fail(error, "Cannot write inner map %u", key);
	error = bpf_map_update_elem(outer, &key, &inner, BPF_ANY);
	if (error)
		fail(error, "Cannot insert inner map %u", key);
	bringing->inners[key] = inner;
}

static void load(struct bringing *bringing, const struct arguments *arguments)
{
	struct bpf_program *program;
	int error;

	bringing->object = object_beside(text(arguments, "object"));
	bringing->outer = bpf_object__find_map_by_name(bringing->object, "slots");
	program = bpf_object__find_program_by_name(bringing->object, "look");
	if (!bringing->outer || !program)
		refuse("Cannot bring %s: it has no slots or no look", text(arguments, "object"));
	read_template(bringing);
	if (given(arguments, "reuse"))
		bpf_map__set_pin_path(bringing->outer, text(arguments, "pin-outer"));
	error = bpf_object__load(bringing->object);
	if (error)
		fail(error, "Cannot load %s", text(arguments, "object"));
	if (!given(arguments, "reuse"))
		error = pin(bpf_map__fd(bringing->outer), text(arguments, "pin-outer"), true);
	if (error)
		fail(error, "Cannot pin %s", text(arguments, "pin-outer"));
	error = pin(bpf_program__fd(program), text(arguments, "pin-prog"), true);
	if (error)
		fail(error, "Cannot pin %s", text(arguments, "pin-prog"));
}

static void print_maps(const struct bringing *bringing, uint32_t count)
{
	const char *comma = "";

	printf("{\"outer\":%u,\"inners\":[", map_info(bpf_map__fd(bringing->outer), "outer map").id);
	for (uint32_t key = 0; key < count; key++) {
		if (bringing->inners[key] < 0)
			continue;
		printf("%s%u", comma, map_info(bringing->inners[key], "inner map").id);
		comma = ",";
	}
	printf("]}\n");
	fflush(stdout);
}

static int heard(void *context, void *record, size_t size)
{
	printf("{\"heard\":%u}\n", *(uint32_t *)record);
	fflush(stdout);
	return 0;
}

static void listen_at(struct bringing *bringing, int inner)
{
	int error;

	if (bringing->rings) {
		error = ring_buffer__add(bringing->rings, inner, heard, NULL);
	} else {
		bringing->rings = ring_buffer__new(inner, heard, NULL, NULL);
		error = bringing->rings ? 0 : -errno;
	}
	if (error)
		fail(error, "Cannot read a ring buffer");
}

static void digits_to(const char *digits, uint8_t *to, size_t size)
{
	for (size_t at = 0; at < size; at++)
		if (sscanf(digits + 2 * at, "%2hhx", &to[at]) != 1)
			refuse("Cannot read a line: %s is not %zu bytes", digits, size);
}

static void write_line(void *context, const char *line)
{
	struct bringing *bringing = context;
	uint8_t value[BYTES_MAX];
	char *rest;
	unsigned long key = strtoul(line, &rest, 10);
	int error;

	if (key >= KEYS_MAX || *rest != ' ' || bringing->inners[key] < 0)
		refuse("Cannot read a line: %s", line);
	digits_to(rest + 1, value, bringing->value_size);
	error = bpf_map_update_elem(bringing->inners[key], bringing->key, value, BPF_ANY);
	if (error)
		fail(error, "Cannot write inner map %lu", key);
	printf("{\"written\":%lu}\n", key);
	fflush(stdout);
}

static void stay(struct bringing *bringing)
{
	struct told told = told_begin();
	struct pollfd fds[3] = { told.fds[0], told.fds[1],
				 { .fd = bringing->rings ? ring_buffer__epoll_fd(bringing->rings) : -1,
				   .events = POLLIN } };

	while (!told.over) {
		if (poll(fds, 3, -1) <= 0)
			continue;
		if (fds[2].revents)
			ring_buffer__consume(bringing->rings);
		for (int i = 0; i < 2; i++)
			told.fds[i].revents = fds[i].revents;
		told_read(&told, write_line, bringing);
	}
}

int command_bring(int count, char **words)
{
	static const char *const known[] = { "object", "pin-outer", "pin-prog", "keys", "entry", "value",
					     "!reuse", "!overwrite", "!stay", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	uint32_t keys = number_or(&arguments, "keys", 0, KEYS_MAX);
	struct bringing bringing = {};
	uint8_t value[BYTES_MAX];

	load(&bringing, &arguments);
	if (bringing.key_size) {
		bytes(&arguments, "entry", bringing.key, bringing.key_size);
		bytes(&arguments, "value", value, bringing.value_size);
	}
	for (uint32_t key = 0; key < keys; key++) {
		fill(&bringing, key, value, given(&arguments, "overwrite"));
		if (bringing.type == BPF_MAP_TYPE_RINGBUF && bringing.inners[key] >= 0)
			listen_at(&bringing, bringing.inners[key]);
	}
	print_maps(&bringing, keys);
	if (given(&arguments, "stay"))
		stay(&bringing);
	return 0;
}
