// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "mapped.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bpf.h"

static int create(const char *name, uint32_t stride, uint32_t count)
{
	union bpf_attr attr = no_attr();

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = stride;
	attr.max_entries = count;
	attr.map_flags = BPF_F_MMAPABLE;
	memcpy(attr.map_name, name, strnlen(name, sizeof(attr.map_name) - 1));
	return bpf_call(CALL_OTHER, BPF_MAP_CREATE, &attr);
}

int mapped_open(struct mapped *mapped, const char *name, uint32_t stride, uint32_t count)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *bytes;

	*mapped = (struct mapped){ .fd = create(name, stride, count) };
	if (mapped->fd < 0)
		return mapped->fd;
	mapped->length = ((size_t)stride * count + page - 1) / page * page;
	bytes = mmap(NULL, mapped->length, PROT_READ | PROT_WRITE, MAP_SHARED, mapped->fd, 0);
	if (bytes == MAP_FAILED) {
		int error = -errno;

		mapped_close(mapped);
		return error;
	}
	mapped->bytes = bytes;
	return 0;
}

void mapped_close(struct mapped *mapped)
{
	if (mapped->bytes)
		munmap(mapped->bytes, mapped->length);
	if (mapped->fd >= 0)
		close(mapped->fd);
	*mapped = (struct mapped){ .fd = -1 };
}

/* Register 0 has the address of the element whose index is on the stack. */
static void code_element(struct innermap_code *code, const struct mapped *mapped, const struct job_places *places)
{
	code_map(code, BPF_REG_1, mapped->fd);
	code_mov(code, BPF_REG_2, BPF_REG_10);
	code_alu_imm(code, BPF_ADD, BPF_REG_2, places->stack);
	code_call(code, BPF_FUNC_map_lookup_elem);
	code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, places->none);
}

void mapped_code_next(struct innermap_code *code, const struct mapped *mapped, const struct job_places *places)
{
	code_store_imm(code, BPF_W, BPF_REG_10, places->stack, 0);
	code_element(code, mapped, places);
	code_load(code, BPF_DW, places->job, BPF_REG_0, 0);
	code_store(code, BPF_W, BPF_REG_10, places->stack, places->job);
	code_alu_imm(code, BPF_ADD, places->job, 1);
	code_store(code, BPF_DW, BPF_REG_0, 0, places->job);
	code_element(code, mapped, places);
	code_mov(code, places->job, BPF_REG_0);
}
