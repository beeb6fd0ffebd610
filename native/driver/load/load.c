// SPDX-License-Identifier: Apache-2.0
/*
 * Loads tenants.bpf.o as its owner's loader does: with dummy inner maps that live only for the load.
 *
 * --attach puts the program at an interface, --stay keeps it there: what a container of a DaemonSet does. When that
 * container is started again, --reuse takes the maps that it pinned and --pin-link changes the program without a gap.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"
#include "load.h"
#include "tenants.h"

struct loading {
	struct bpf_object *object;
	/* Found before the load: libbpf gives a reused map the name that it was made with. */
	struct bpf_map *tenants;
	struct bpf_map *limits;
	const char *pin_outer;
	const char *pin_limits;
	const char *pin_program;
	const char *attach_to;
	const char *pin_link;
	bool reuse;
	bool replace;
	bool outer_reused;
	bool limits_reused;
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
static void reuse_pinned(struct bpf_map *map, int fd, const char *path)
{
	struct bpf_map_info info = map_info(fd, path);
	int error;

	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map))
		refuse("Cannot reuse %s: type %u key %u, the program needs type %u key %u", path, info.type, info.key_size,
		       bpf_map__type(map), bpf_map__key_size(map));
	error = bpf_map__reuse_fd(map, fd);
	if (error)
		fail(error, "Cannot reuse %s", path);
	close(fd);
}

/* False where there is nothing yet: a loader that keeps its maps is started a first time as well. */
static bool reused(const struct loading *loading, struct bpf_map *map, const char *path)
{
	int fd = loading->reuse && path ? bpf_obj_get(path) : -ENOENT;

	if (fd == -ENOENT)
		return false;
	if (fd < 0)
		fail(fd, "Cannot open %s", path);
	reuse_pinned(map, fd, path);
	return true;
}

static void print_dummies(const int *dummies)
{
	const char *comma = "";

	printf("{\"dummies\":[");
	for (int i = 0; i < 2; i++) {
		if (dummies[i] < 0)
			continue;
		printf("%s%u", comma, map_info(dummies[i], "dummy").id);
		comma = ",";
	}
	printf("]}\n");
}

static void load(struct loading *loading)
{
	struct bpf_map *tenants = loading->tenants = map_named(loading->object, "tenants");
	struct bpf_map *limits = loading->limits = map_named(loading->object, "limits");
	int dummies[2] = { -1, -1 }, error;

	loading->outer_reused = reused(loading, tenants, loading->pin_outer);
	loading->limits_reused = reused(loading, limits, loading->pin_limits);
	if (!loading->outer_reused) {
		bpf_map__set_max_entries(tenants, loading->outer_max);
		dummies[0] = give_template(tenants, sizeof(struct tenant_port), sizeof(struct tenant_rule), loading->inner_max);
	}
	if (!loading->limits_reused)
		dummies[1] = give_template(limits, sizeof(__be16), sizeof(__u32), LIMITS_PORTS_MAX);
	print_dummies(dummies);

	error = bpf_object__load(loading->object);
	if (error)
		fail(error, "Cannot load tenants.bpf.o");
	for (int i = 0; i < 2; i++)
		if (dummies[i] >= 0)
			close(dummies[i]);
}

/* All pins or none. */
static void pin_all(const struct loading *loading, int program)
{
	/* The program is the new one also where the maps are the old ones. */
	bool replace_program = loading->replace || loading->reuse;
	const struct { const char *path; int fd; bool replace; } pins[] = {
		{ loading->outer_reused ? NULL : loading->pin_outer, bpf_map__fd(loading->tenants),
		  loading->replace },
		{ loading->limits_reused ? NULL : loading->pin_limits, bpf_map__fd(loading->limits),
		  loading->replace },
		{ loading->pin_program, program, replace_program },
	};

	for (int i = 0; i < 3; i++) {
		int error = pins[i].path ? pin(pins[i].fd, pins[i].path, pins[i].replace) : 0;

		if (!error)
			continue;
		for (int made = 0; made < i; made++)
			if (pins[made].path)
				unlink(pins[made].path);
		fail(error, "Cannot pin %s", pins[i].path);
	}
}

static uint32_t program_id(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int error = bpf_obj_get_info_by_fd(program, &info, &size);

	if (error)
		fail(error, "Cannot ask about the program");
	return info.id;
}

static void say_nothing(void *context, const char *line)
{
}

static void stay(struct told told)
{
	while (!told.over)
		if (poll(told.fds, 2, -1) > 0)
			told_read(&told, say_nothing, NULL);
}

static struct loading loading_of(const struct arguments *arguments)
{
	struct loading loading = {
		.pin_outer = text(arguments, "pin-outer"),
		.pin_limits = text_or(arguments, "pin-limits", NULL),
		.pin_program = text_or(arguments, "pin-prog", NULL),
		.attach_to = text_or(arguments, "attach", NULL),
		.pin_link = text_or(arguments, "pin-link", NULL),
		.reuse = given(arguments, "reuse"),
		.replace = given(arguments, "replace"),
		.outer_max = number_or(arguments, "max", TENANTS_MAX, UINT32_MAX),
		.inner_max = number_or(arguments, "inner-max", TENANTS_RULES_MAX, UINT32_MAX),
	};

	if (!loading.pin_program && !loading.attach_to)
		refuse("Cannot load: neither --pin-prog nor --attach is given, so the program would be gone at once");
	if (!loading.attach_to && (loading.pin_link || given(arguments, "stay")))
		refuse("Cannot load: --pin-link and --stay are about an interface, name it with --attach");
	if (loading.attach_to && !loading.pin_link && !given(arguments, "stay"))
		refuse("Cannot load: the program would leave %s at once, give --stay or --pin-link", loading.attach_to);
	return loading;
}

int command_load(int count, char **words)
{
	static const char *const known[] = { "pin-outer", "pin-prog", "pin-limits", "max", "inner-max", "!reuse",
					     "!replace", "attach", "veth", "pin-link", "!stay", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	struct loading loading = loading_of(&arguments);
	bool stays = given(&arguments, "stay");
	struct told told = stays ? told_begin() : (struct told){};
	int program;

	loading.object = object_beside("tenants.bpf.o");
	if (given(&arguments, "veth"))
		make_veth(text(&arguments, "veth"));
	load(&loading);
	program = bpf_program__fd(bpf_object__find_program_by_name(loading.object, "filter_tenants"));
	pin_all(&loading, program);
	printf("{\"outer\":%u,\"limits\":%u}\n", map_info(bpf_map__fd(loading.tenants), "tenants").id,
	       map_info(bpf_map__fd(loading.limits), "limits").id);
	if (loading.attach_to)
		printf("{\"ready\":true,\"interface\":\"%s\",\"mode\":\"%s\",\"program\":%u}\n", loading.attach_to,
		       attach(program, loading.attach_to, loading.pin_link).mode, program_id(program));
	fflush(stdout);
	if (stays)
		stay(told);
	bpf_object__close(loading.object);
	return 0;
}
