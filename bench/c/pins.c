// SPDX-License-Identifier: Apache-2.0
/*
 * What an operator does beside the maps themselves: a pin for each inner map, named by its key in hex, under a temporary
 * name where the key has one already, and the map's id. The program works in the directory of the pins, so that each
 * path is one name. A pin has the mode 0600, which BPF_OBJ_PIN gives it.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "work.h"

struct name {
	char text[16];
};

static const char DIGITS[] = "0123456789abcdef";

/* The bytes of the key as the kernel holds them, two digits each. */
static struct name name_of(uint32_t map, bool is_temporary)
{
	struct name name = { "" };
	const uint8_t *bytes = (const uint8_t *)&map;
	char *end = name.text;

	for (size_t i = 0; i < sizeof(map); i++) {
		*end++ = DIGITS[bytes[i] >> 4];
		*end++ = DIGITS[bytes[i] & 15];
	}
	for (const char *more = is_temporary ? "-new" : ""; *more; more++)
		*end++ = *more;
	return name;
}

void enter_pins(const struct work *work)
{
	umask(0077);
	if (work->pins && chdir(work->pins))
		fail(errno, "Cannot make pins in %s", work->pins);
}

void pin_inner(const struct work *work, int inner, uint32_t map, bool is_temporary)
{
	struct name name = name_of(map, is_temporary);
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	int error;

	if (!work->pins)
		return;
	error = bpf_obj_pin(inner, name.text);
	if (error)
		fail(error, "Cannot pin inner map %u at %s", map, name.text);
	error = bpf_obj_get_info_by_fd(inner, &info, &size);
	if (error || !info.id)
		fail(error, "Cannot read the id of inner map %u", map);
}

void settle_pin(const struct work *work, uint32_t map)
{
	struct name from = name_of(map, true), to = name_of(map, false);

	if (work->pins && rename(from.text, to.text))
		fail(errno, "Cannot rename %s to %s", from.text, to.text);
}

void unpin(const struct work *work, uint32_t map)
{
	struct name name = name_of(map, false);

	if (work->pins && unlink(name.text))
		fail(errno, "Cannot unlink %s", name.text);
}
