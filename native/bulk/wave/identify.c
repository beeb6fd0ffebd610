/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>
#include "map.h"
#include "strings.h"

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
	struct strings strings = { .bytes = paths, .size = size };
	struct string_reader reader = strings_at(&strings, 0), all = reader;

	if (!skip_strings(&all, count) || all.next != all.end)
		return -EINVAL;
	for (uint32_t at = 0; at < count; at++) {
		const char *path = next_string(&reader);

		identities[at].answer = identify(path, &identities[at]);
	}
	return 0;
}
