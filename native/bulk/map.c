/* SPDX-License-Identifier: Apache-2.0 */
/* One map of many: where it is pinned, and what it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "map.h"

static bool is_link(const char *path)
{
	struct stat stats;

	return lstat(path, &stats) == 0 && S_ISLNK(stats.st_mode);
}

/*
 * A pin may be of a program or a link, and its info would be read as a map's. A batch lookup of no entries answers EINVAL
 * for those, and for every fd before 5.6: then the link in /proc decides.
 */
static int require_map(int fd, char object[OBJECT_NAME])
{
	static const char kind[] = "anon_inode:", map[] = "bpf-map";
	char path[32], target[64];
	uint32_t token, none = 0;
	ssize_t length;
	const char *name;

	if (innermap_lookup_batch(fd, NULL, &token, NULL, NULL, &none) != -EINVAL)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	name = strncmp(target, kind, sizeof(kind) - 1) == 0 ? target + sizeof(kind) - 1 : target;
	if (strcmp(name, map) == 0)
		return 0;
	snprintf(object, OBJECT_NAME, "%.*s", OBJECT_NAME - 1, name);
	return INNERMAP_NO_MAP;
}

int innermap_get(const char *path, char object[OBJECT_NAME])
{
	union bpf_attr attr = no_attr();
	int fd, answer;

	if (is_link(path))
		return -ELOOP;
	attr.pathname = address(path);
	fd = bpf_call(CALL_OBJ_GET, BPF_OBJ_GET, &attr);
	if (fd < 0)
		return fd;
	answer = require_map(fd, object);
	if (answer == 0)
		return fd;
	close(fd);
	return answer;
}

int map_info(int fd, struct bpf_map_info *info)
{
	uint32_t length = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return innermap_info(fd, info, &length);
}

static int is_frozen_by_fdinfo(int fd)
{
	char path[40], text[1024];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	length = read(file, text, sizeof(text) - 1);
	if (length < 0)
		length = -errno;
	close(file);
	if (length < 0)
		return (int)length;
	text[length] = '\0';
	return strstr(text, "frozen:\t1") != NULL;
}

int innermap_is_frozen(int fd)
{
	int answer = innermap_may_write(fd);

	return answer == 0 || answer == -ENOTSUPP ? 0 : is_frozen_by_fdinfo(fd);
}

bool map_has_contents(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return true;
	default:
		return false;
	}
}

bool map_is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}
