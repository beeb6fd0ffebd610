// SPDX-License-Identifier: Apache-2.0
/* Loads tenants.bpf.o as its owner's loader does: with dummy inner maps that live only for the load. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"
#include "tenants.h"

struct loading {
	struct bpf_object *object;
	/* Found before the load: libbpf gives a reused map the name that it was made with. */
	struct bpf_map *tenants;
	struct bpf_map *limits;
	const char *pin_outer;
	const char *pin_limits;
	const char *pin_program;
	bool reuse;
	bool replace;
	uint32_t outer_max;
	uint32_t inner_max;
};

static struct bpf_map *map_named(const struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		fail(ENOENT, "Cannot load tenants: its map %s", name);
	return map;
}

/* A dummy with the template's layout; its fd is what the kernel asks for when it makes the outer map. */
static int give_template(struct bpf_map *outer, uint32_t key_size, uint32_t value_size, uint32_t max_entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	int dummy = bpf_map_create(BPF_MAP_TYPE_HASH, "dummy", key_size, value_size, max_entries, &options);
	int error;

	if (dummy < 0)
		fail(dummy, "Cannot create dummy of %s", bpf_map__name(outer));
	error = bpf_map__set_inner_map_fd(outer, dummy);
	if (error)
		fail(error, "Cannot give template of %s", bpf_map__name(outer));
	return dummy;
}

/* Puts the pinned map in the place of the object's own; libbpf compares nothing, so it is done here. */
static void reuse_pinned(struct bpf_map *map, const char *path)
{
	int fd = open_pin(path), error;
	struct bpf_map_info info = map_info(fd, path);

	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map))
		refuse("Cannot reuse %s: type %u key %u, the program needs type %u key %u", path, info.type, info.key_size,
		       bpf_map__type(map), bpf_map__key_size(map));
	error = bpf_map__reuse_fd(map, fd);
	if (error)
		fail(error, "Cannot reuse %s", path);
	close(fd);
}

static void load(const struct loading *loading)
{
	struct bpf_map *tenants = loading->tenants, *limits = loading->limits;
	int dummy = -1, limits_dummy, error;

	if (loading->reuse) {
		reuse_pinned(tenants, loading->pin_outer);
	} else {
		bpf_map__set_max_entries(tenants, loading->outer_max);
		dummy = give_template(tenants, sizeof(struct tenant_port), sizeof(struct tenant_rule), loading->inner_max);
	}
	limits_dummy = give_template(limits, sizeof(__be16), sizeof(__u32), LIMITS_PORTS_MAX);
	if (dummy >= 0)
		printf("{\"dummies\":[%u,%u]}\n", map_info(dummy, "dummy").id, map_info(limits_dummy, "dummy").id);
	else
		printf("{\"dummies\":[%u]}\n", map_info(limits_dummy, "dummy").id);

	error = bpf_object__load(loading->object);
	if (error)
		fail(error, "Cannot load tenants.bpf.o");
	if (dummy >= 0)
		close(dummy);
	close(limits_dummy);
}

/* All pins or none. */
static void pin_all(const struct loading *loading, int program)
{
	const struct { const char *path; int fd; } pins[] = {
		{ loading->reuse ? NULL : loading->pin_outer, bpf_map__fd(loading->tenants) },
		{ loading->pin_limits, bpf_map__fd(loading->limits) },
		{ loading->pin_program, program },
	};

	for (int i = 0; i < 3; i++) {
		int error = pins[i].path ? pin(pins[i].fd, pins[i].path, loading->replace) : 0;

		if (!error)
			continue;
		for (int made = 0; made < i; made++)
			if (pins[made].path)
				unlink(pins[made].path);
		fail(error, "Cannot pin %s", pins[i].path);
	}
}

int command_load(int count, char **words)
{
	static const char *const known[] = { "pin-outer", "pin-prog", "pin-limits", "max", "inner-max", "!reuse",
					     "!replace", "attach", "!stay", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	struct loading loading = {
		.pin_outer = text(&arguments, "pin-outer"),
		.pin_limits = text_or(&arguments, "pin-limits", NULL),
		.pin_program = text(&arguments, "pin-prog"),
		.reuse = given(&arguments, "reuse"),
		.replace = given(&arguments, "replace"),
		.outer_max = number_or(&arguments, "max", TENANTS_MAX, UINT32_MAX),
		.inner_max = number_or(&arguments, "inner-max", TENANTS_RULES_MAX, UINT32_MAX),
		.object = object_beside("tenants.bpf.o"),
	};
	const char *interface = text_or(&arguments, "attach", NULL);
	int program;

	loading.tenants = map_named(loading.object, "tenants");
	loading.limits = map_named(loading.object, "limits");
	load(&loading);
	program = bpf_program__fd(bpf_object__find_program_by_name(loading.object, "filter_tenants"));
	pin_all(&loading, program);
	printf("{\"outer\":%u,\"limits\":%u}\n", map_info(bpf_map__fd(loading.tenants), "tenants").id,
	       map_info(bpf_map__fd(loading.limits), "limits").id);
	if (interface)
		attach(program, interface);
	if (given(&arguments, "stay"))
		stay();
	bpf_object__close(loading.object);
	return 0;
}
