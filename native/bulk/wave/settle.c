// SPDX-License-Identifier: Apache-2.0
/* The end of a wave: pins get their names or go, maps are closed. */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>
#include "bpf.h"
#include "directory.h"
#include "strings.h"

static bool has_names(const struct string_reader *names, uint8_t kinds)
{
	return has_strings(*names, !!(kinds & SETTLE_UNLINK) + (kinds & SETTLE_RENAME ? 2u : 0));
}

static struct innermap_settled settle(int directory, uint8_t kinds, struct string_reader *names)
{
	struct innermap_settled settled = { 0 };

	if (kinds & SETTLE_UNLINK)
		settled.unlinked = unlink_in(directory, next_string(names));
	if (kinds & SETTLE_RENAME) {
		const char *from = next_string(names), *to = next_string(names);

		if (settled.unlinked == 0)
			settled.renamed = rename_in(directory, from, to);
	}
	return settled;
}

/* From the first on whose names are not there, none is known. */
static void settle_all(int directory, const uint8_t *kinds, struct innermap_settled *settled, uint64_t count,
		       struct string_reader names)
{
	uint64_t at = 0;

	for (; at < count && has_names(&names, kinds[at]); at++)
		settled[at] = settle(directory, kinds[at], &names);
	for (; at < count; at++)
		settled[at] = (struct innermap_settled){ .renamed = -EINVAL };
}

void innermap_settle(const uint8_t *kinds, struct innermap_settled *settled, const int32_t *fds, const void *names,
		     const uint64_t sizes[SETTLE_SIZES])
{
	struct strings strings = { .bytes = names, .size = sizes[SETTLE_NAMES] };
	struct string_reader reader = strings_at(&strings, 0);
	/* Without its name it has none of the others either. */
	int directory = has_strings(reader, 1) ? open_directory(next_string(&reader)) : -EINVAL;

	settle_all(directory, kinds, settled, sizes[SETTLE_COUNT], reader);
	if (directory >= 0)
		close(directory);
	for (uint64_t at = 0; at < sizes[SETTLE_FDS]; at++)
		close(fds[at]);
}
