// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"

/* Prints the ids of all maps of the machine: what a test compares before and after. */
int command_maps(int count, char **words)
{
	static const char *const known[] = { NULL };
	uint32_t id = 0, found = 0;
	char *ids = NULL;
	size_t size = 0;
	FILE *list = open_memstream(&ids, &size);

	arguments_of(count, words, known);
	if (!list)
		fail(errno, "Cannot list maps");
	while (bpf_map_get_next_id(id, &id) == 0)
		fprintf(list, "%s%u", found++ ? "," : "", id);
	if (errno != ENOENT)
		fail(errno, "Cannot list maps after id %u", id);
	fclose(list);
	printf("{\"count\":%u,\"ids\":[%s]}\n", found, ids);
	free(ids);
	return 0;
}

enum bpf_map_type map_type(const char *name)
{
	for (int type = BPF_MAP_TYPE_HASH;; type++) {
		const char *known = libbpf_bpf_map_type_str(type);

		if (!known)
			refuse("Cannot read map type: %s is none of libbpf's names, as hash, array, lpm_trie", name);
		if (strcmp(known, name) == 0)
			return type;
	}
}

struct bpf_map_info map_info(int fd, const char *what)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int error = bpf_obj_get_info_by_fd(fd, &info, &size);

	if (error)
		fail(error, "Cannot ask about %s", what);
	return info;
}

int open_pin(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd < 0)
		fail(fd, "Cannot open %s", path);
	return fd;
}

int pin(int fd, const char *path, bool replace)
{
	char aside[PATH_MAX];
	int error;

	if (!replace)
		return bpf_obj_pin(fd, path);
	/* Names in a bpffs hold no dot. */
	if (snprintf(aside, sizeof(aside), "%s-new", path) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	error = bpf_obj_pin(fd, aside);
	if (error)
		return error;
	if (rename(aside, path) == 0)
		return 0;
	error = -errno;
	unlink(aside);
	return error;
}

struct bpf_object *object_beside(const char *name)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct bpf_object *object;
	char *end;

	if (length < 0)
		fail(errno, "Cannot find this program's folder");
	path[length] = 0;
	end = strrchr(path, '/') + 1;
	if (snprintf(end, path + sizeof(path) - end, "%s", name) >= path + sizeof(path) - end)
		fail(ENAMETOOLONG, "Cannot open %s", name);
	object = bpf_object__open(path);
	if (!object)
		fail(errno, "Cannot open %s", path);
	return object;
}
