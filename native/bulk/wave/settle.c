// SPDX-License-Identifier: Apache-2.0
/* The end of a wave: pins get their names or go, maps are closed. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "bpf.h"
#include "strings.h"

static bool is_path(const struct strings *paths, uint32_t offset)
{
	return offset == NO_PATH || has_strings(strings_at(paths, offset), 1);
}

static int unlink_path(const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return -errno;
}

static struct innermap_settled settle(const struct innermap_settling *settling, const struct strings *paths)
{
	struct innermap_settled settled = { 0 };

	if (!is_path(paths, settling->unlink) || !is_path(paths, settling->from) || !is_path(paths, settling->to)) {
		settled.renamed = -EINVAL;
		return settled;
	}
	if (settling->unlink != NO_PATH)
		settled.unlinked = unlink_path(paths->bytes + settling->unlink);
	if (settled.unlinked == 0 && settling->from != NO_PATH && settling->to != NO_PATH &&
	    rename(paths->bytes + settling->from, paths->bytes + settling->to) < 0)
		settled.renamed = -errno;
	return settled;
}

void innermap_settle(const struct innermap_settling *settlings, struct innermap_settled *settled, const int32_t *fds,
		     const void *paths, const uint64_t sizes[SETTLE_SIZES])
{
	struct strings strings = { .bytes = paths, .size = sizes[SETTLE_PATHS] };

	for (uint64_t at = 0; at < sizes[SETTLE_COUNT]; at++)
		settled[at] = settle(&settlings[at], &strings);
	for (uint64_t at = 0; at < sizes[SETTLE_FDS]; at++)
		close(fds[at]);
}
