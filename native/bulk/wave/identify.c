/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>
#include "map.h"

/* Whether so many strings fill the arena, each with its NUL. */
static bool are_paths(const char *paths, uint32_t size, uint32_t count)
{
	const char *end = paths + size;

	for (; count > 0; count--) {
		const char *nul = paths == end ? NULL : memchr(paths, '\0', (size_t)(end - paths));

		if (!nul)
			return false;
		paths = nul + 1;
	}
	return paths == end;
}

static int identify(const char *path, struct innermap_identity *identity)
{
	struct bpf_map_info info;
	int answer, fd;

	memset(identity, 0, sizeof(*identity));
	fd = innermap_get(path, identity->name);
	if (fd < 0)
		return fd;
	answer = map_info(fd, &info);
	close(fd);
	identity->id = info.id;
	memcpy(identity->name, info.name, sizeof(identity->name));
	return answer;
}

int innermap_identify(const char *paths, uint32_t size, uint32_t count, struct innermap_identity *identities)
{
	if (!are_paths(paths, size, count))
		return -EINVAL;
	for (uint32_t at = 0; at < count; at++, paths += strlen(paths) + 1)
		identities[at].answer = identify(paths, &identities[at]);
	return 0;
}
