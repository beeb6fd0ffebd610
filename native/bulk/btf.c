/* SPDX-License-Identifier: Apache-2.0 */
/* What others say of their maps' types: BTF by its id, and the programs that use a map. Ids need CAP_SYS_ADMIN. */
#include <errno.h>
#include <unistd.h>
#include "bpf.h"

static int object_info(int fd, void *info, uint32_t length)
{
	return innermap_info(fd, info, &length);
}

int innermap_btf(uint32_t id, void *data, uint32_t *size)
{
	struct bpf_btf_info info;
	union bpf_attr attr = no_attr();
	int fd, answer;

	attr.btf_id = id;
	fd = bpf_call(CALL_FD_BY_ID, BPF_BTF_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	memset(&info, 0, sizeof(info));
	info.btf = address(data);
	info.btf_size = *size;
	answer = object_info(fd, &info, sizeof(info));
	close(fd);
	if (answer < 0)
		return answer;
	*size = info.btf_size;
	/* The kernel's own, or a module's, which holds only what it adds to that. */
	return info.kernel_btf ? -ENOTSUPP : 0;
}

/* MAX_USED_MAPS of kernel/bpf/verifier.c is 64; a program may get more by BPF_PROG_BIND_MAP. */
enum { MOST_MAPS = 1024 };

/* The id of its BTF; 0 where it uses another map, or has none. */
static int btf_where_used(int program, uint32_t map)
{
	uint32_t maps[MOST_MAPS];
	struct bpf_prog_info info;
	int answer;

	memset(&info, 0, sizeof(info));
	info.map_ids = address(maps);
	info.nr_map_ids = MOST_MAPS;
	answer = object_info(program, &info, sizeof(info));
	if (answer < 0)
		return answer;
	/* How many it has, where those are more than fit: then not all of them are here. */
	for (uint32_t at = 0; at < info.nr_map_ids && at < MOST_MAPS; at++)
		if (maps[at] == map)
			return (int)info.btf_id;
	return 0;
}

static int next_program(uint32_t *id)
{
	union bpf_attr attr = no_attr();
	int answer;

	attr.start_id = *id;
	answer = bpf_call(CALL_OTHER, BPF_PROG_GET_NEXT_ID, &attr);
	*id = attr.next_id;
	return answer;
}

static int has(const uint32_t *ids, uint32_t count, uint32_t id)
{
	for (uint32_t at = 0; at < count; at++)
		if (ids[at] == id)
			return 1;
	return 0;
}

int innermap_btf_of_users(uint32_t map, uint32_t *ids, uint32_t room)
{
	uint32_t count = 0, id = 0;
	int answer = 0;

	while (count < room && (answer = next_program(&id)) == 0) {
		union bpf_attr attr = no_attr();
		int fd, btf;

		attr.prog_id = id;
		fd = bpf_call(CALL_FD_BY_ID, BPF_PROG_GET_FD_BY_ID, &attr);
		/* Gone in this moment */
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		btf = btf_where_used(fd, map);
		close(fd);
		if (btf < 0)
			return btf;
		if (btf > 0 && !has(ids, count, (uint32_t)btf))
			ids[count++] = (uint32_t)btf;
	}
	return count == room || answer == -ENOENT ? (int)count : answer;
}
