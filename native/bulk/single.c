/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that concern one map, as bpf(2) has them. */
#include <errno.h>
#include <string.h>
#include "bpf.h"

int innermap_create(uint32_t type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
		    const uint32_t options[OPTIONS])
{
	union bpf_attr attr = no_attr();
	size_t length = strlen(name);

	attr.map_type = type;
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = max_entries;
	attr.map_flags = options[OPTION_FLAGS];
	attr.inner_map_fd = options[OPTION_INNER_FD];
	attr.btf_fd = options[OPTION_BTF_FD];
	attr.btf_key_type_id = options[OPTION_BTF_KEY];
	attr.btf_value_type_id = options[OPTION_BTF_VALUE];
	if (length >= sizeof(attr.map_name))
		return -EINVAL;
	memcpy(attr.map_name, name, length);
	return bpf_call(CALL_CREATE, BPF_MAP_CREATE, &attr);
}

int innermap_update(int fd, const void *key, const void *value, uint64_t flags)
{
	union bpf_attr attr = no_attr();

	attr.map_fd = fd;
	attr.key = address(key);
	attr.value = address(value);
	attr.flags = flags;
	return bpf_call(CALL_UPDATE, BPF_MAP_UPDATE_ELEM, &attr);
}

int innermap_lookup(int fd, const void *key, void *value)
{
	return innermap_lookup_with(fd, key, value, 0);
}

int innermap_lookup_with(int fd, const void *key, void *value, uint64_t flags)
{
	union bpf_attr attr = no_attr();

	attr.map_fd = fd;
	attr.key = address(key);
	attr.value = address(value);
	attr.flags = flags;
	return bpf_call(CALL_LOOKUP, BPF_MAP_LOOKUP_ELEM, &attr);
}

int innermap_delete(int fd, const void *key)
{
	union bpf_attr attr = no_attr();

	attr.map_fd = fd;
	attr.key = address(key);
	return bpf_call(CALL_DELETE, BPF_MAP_DELETE_ELEM, &attr);
}

int innermap_next_key(int fd, const void *key, void *next)
{
	union bpf_attr attr = no_attr();

	attr.map_fd = fd;
	attr.key = address(key);
	attr.next_key = address(next);
	return bpf_call(CALL_NEXT_KEY, BPF_MAP_GET_NEXT_KEY, &attr);
}

/* The kernel writes `count` back; one that has no batch leaves it as it was. */
static int batch(enum innermap_call call, enum bpf_cmd command, union bpf_attr *attr, uint32_t *count)
{
	int answer;

	attr->batch.count = *count;
	answer = bpf_call(call, command, attr);
	*count = attr->batch.count;
	return answer;
}

int innermap_update_batch(int fd, const void *keys, const void *values, uint32_t *count)
{
	union bpf_attr attr = no_attr();

	attr.batch.map_fd = fd;
	attr.batch.keys = address(keys);
	attr.batch.values = address(values);
	return batch(CALL_UPDATE_BATCH, BPF_MAP_UPDATE_BATCH, &attr, count);
}

int innermap_lookup_batch(int fd, const void *from, void *next, void *keys, void *values, uint32_t *count)
{
	union bpf_attr attr = no_attr();

	attr.batch.map_fd = fd;
	attr.batch.in_batch = address(from);
	attr.batch.out_batch = address(next);
	attr.batch.keys = address(keys);
	attr.batch.values = address(values);
	return batch(CALL_LOOKUP_BATCH, BPF_MAP_LOOKUP_BATCH, &attr, count);
}

int innermap_delete_batch(int fd, const void *keys, uint32_t *count)
{
	union bpf_attr attr = no_attr();

	attr.batch.map_fd = fd;
	attr.batch.keys = address(keys);
	return batch(CALL_DELETE_BATCH, BPF_MAP_DELETE_BATCH, &attr, count);
}

int innermap_may_write(int fd)
{
	union bpf_attr attr = no_attr();

	attr.batch.map_fd = fd;
	return bpf_call(CALL_WRITE_CHECK, BPF_MAP_UPDATE_BATCH, &attr);
}

int innermap_freeze(int fd)
{
	union bpf_attr attr = no_attr();

	attr.map_fd = fd;
	return bpf_call(CALL_FREEZE, BPF_MAP_FREEZE, &attr);
}

int innermap_fd_by_id(uint32_t id)
{
	union bpf_attr attr = no_attr();

	attr.map_id = id;
	return bpf_call(CALL_FD_BY_ID, BPF_MAP_GET_FD_BY_ID, &attr);
}

int innermap_info(int fd, void *info, uint32_t *length)
{
	union bpf_attr attr = no_attr();
	int answer;

	attr.info.bpf_fd = fd;
	attr.info.info_len = *length;
	attr.info.info = address(info);
	answer = bpf_call(CALL_INFO, BPF_OBJ_GET_INFO_BY_FD, &attr);
	*length = attr.info.info_len;
	return answer;
}

int innermap_pin(int fd, const char *path)
{
	union bpf_attr attr = no_attr();

	attr.pathname = address(path);
	attr.bpf_fd = fd;
	return bpf_call(CALL_PIN, BPF_OBJ_PIN, &attr);
}

int innermap_load_btf(const void *data, uint32_t size)
{
	union bpf_attr attr = no_attr();

	attr.btf = address(data);
	attr.btf_size = size;
	return bpf_call(CALL_LOAD_BTF, BPF_BTF_LOAD, &attr);
}
