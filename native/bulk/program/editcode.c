// SPDX-License-Identifier: Apache-2.0
/* The instructions of the program that an edit loads. */
#include <errno.h>
#include <stdlib.h>
#include "edit.h"

/* A key and a part of a value. */
enum { STACK = 480 };
enum { PACKET = BPF_REG_6, VALUE = BPF_REG_8, DONE = BPF_REG_9, STACK_END = BPF_REG_10 };
enum { END };

/* Copies from the packet to the end of the stack. */
static void fetch(struct innermap_code *code, uint32_t at, uint32_t size)
{
	code_mov(code, BPF_REG_1, PACKET);
	code_mov_imm(code, BPF_REG_2, (int32_t)at);
	code_mov(code, BPF_REG_3, STACK_END);
	code_alu_imm(code, BPF_ADD, BPF_REG_3, -(int32_t)size);
	code_mov_imm(code, BPF_REG_4, (int32_t)size);
	code_call(code, BPF_FUNC_skb_load_bytes);
	code_jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, END);
}

/* Stores the declared bytes of a part of the value, which is at the end of the stack. */
static void store(struct innermap_code *code, const struct edit *edit, uint32_t from, uint32_t size)
{
	const struct code_part part = {
		.mask = edit->mask,
		.begin = from,
		.end = from + size < edit->value_size ? from + size : edit->value_size,
	};

	code_copy(code, (struct code_place){ VALUE, 0 }, (struct code_place){ STACK_END, (int16_t)-(from + size) }, &part);
}

/* Looks the job's key up and stores its value's declared bytes. Register DONE counts the jobs before. */
static void code_job(struct innermap_code *code, const struct edit *edit, uint32_t done)
{
	uint32_t key = (uint32_t)rounded_up(edit->key_size), value = (uint32_t)rounded_up(edit->value_size);
	uint32_t at = done * (key + value), part;

	code_mov_imm(code, DONE, (int32_t)done);
	fetch(code, at, key);
	code_map(code, BPF_REG_1, edit->map);
	code_mov(code, BPF_REG_2, STACK_END);
	code_alu_imm(code, BPF_ADD, BPF_REG_2, -(int32_t)key);
	code_call(code, BPF_FUNC_map_lookup_elem);
	code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, END);
	code_mov(code, VALUE, BPF_REG_0);
	for (uint32_t from = 0; from < value; from += part) {
		part = value - from < STACK ? value - from : STACK;
		fetch(code, at + key + from, part);
		store(code, edit, from, part);
	}
}

/* No loop: before 6.17 a process without CAP_PERFMON has what a processor may guess verified, too, and that turns for ever. */
int edit_load(const struct edit *edit, uint32_t *jobs)
{
	/* Strict: every store lies on its boundary, whatever the processor would take. */
	struct innermap_program program = {
		.type = BPF_PROG_TYPE_SOCKET_FILTER, .name = "innermap_edit", .flags = BPF_F_STRICT_ALIGNMENT,
	};
	struct innermap_code *code = malloc(sizeof(*code));
	int fd;

	if (!code)
		return -ENOMEM;
	code_begin(code);
	code_mov(code, PACKET, BPF_REG_1);
	for (uint32_t done = 0; done < *jobs; done++) {
		uint32_t begin = code->count;

		code_job(code, edit, done);
		if (code->count + (code->count - begin) + 8 > CODE_ROOM)
			*jobs = done + 1;
	}
	code_mov_imm(code, DONE, (int32_t)*jobs);
	code_label(code, END);
	code_mov(code, BPF_REG_0, DONE);
	code_exit(code);
	fd = innermap_program_load(code, &program);
	free(code);
	return fd;
}
