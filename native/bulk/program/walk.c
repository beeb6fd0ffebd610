// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "walk.h"
#include <errno.h>
#include <linux/btf.h>
#include <unistd.h>
#include "bpf.h"

/* Of the stack of the program: the index of a job, and behind it what callbacks work on. */
enum { STACK_INDEX = -4, STACK_WORK = -32 };
/* The program has the job's address here, which calls keep. */
enum { JOB = BPF_REG_6 };

int walk_open(struct walk *walk, uint32_t jobs, const uint8_t *keys, uint32_t key_size)
{
	int error;

	*walk = (struct walk){ .jobs = jobs, .stride = (uint32_t)(sizeof(struct walk_job) + rounded_up(key_size)) };
	error = mapped_open(&walk->mapped, "innermap_jobs", walk->stride, jobs + 1);
	if (error < 0)
		return error;
	((struct walk_job *)walk->mapped.bytes)->state = 1;
	for (uint32_t at = 0; at < jobs; at++)
		memcpy(walk_job(walk, at)->key, keys + (size_t)at * key_size, key_size);
	return 0;
}

void walk_close(struct walk *walk)
{
	mapped_close(&walk->mapped);
}

static void code_for_each(struct innermap_code *code)
{
	code_store_imm(code, BPF_DW, BPF_REG_10, STACK_WORK + WALK_SUM, 0);
	code_store_imm(code, BPF_DW, BPF_REG_10, STACK_WORK + WALK_COUNT, 0);
	code_load(code, BPF_DW, BPF_REG_1, JOB, offsetof(struct walk_job, most));
	code_store(code, BPF_DW, BPF_REG_10, STACK_WORK + WALK_MOST, BPF_REG_1);
	code_mov(code, BPF_REG_1, BPF_REG_0);
	code_function(code, BPF_REG_2, LABEL_EACH);
	code_mov(code, BPF_REG_3, BPF_REG_10);
	code_alu_imm(code, BPF_ADD, BPF_REG_3, STACK_WORK);
	code_mov_imm(code, BPF_REG_4, 0);
	code_call(code, BPF_FUNC_for_each_map_elem);
	code_load(code, BPF_DW, BPF_REG_1, BPF_REG_10, STACK_WORK + WALK_SUM);
	code_store(code, BPF_DW, JOB, offsetof(struct walk_job, sum), BPF_REG_1);
	code_load(code, BPF_DW, BPF_REG_1, BPF_REG_10, STACK_WORK + WALK_COUNT);
	code_store(code, BPF_DW, JOB, offsetof(struct walk_job, count), BPF_REG_1);
	code_store_imm(code, BPF_DW, JOB, offsetof(struct walk_job, state), JOB_WALKED);
}

static void code_return(struct innermap_code *code)
{
	code_mov_imm(code, BPF_REG_0, 0);
	code_exit(code);
}

void code_walk(struct innermap_code *code, const struct walk *walk, int outer_fd)
{
	static const struct job_places places = { .stack = STACK_INDEX, .job = JOB, .none = LABEL_NO_JOB };

	mapped_code_next(code, &walk->mapped, &places);
	code_map(code, BPF_REG_1, outer_fd);
	code_mov(code, BPF_REG_2, JOB);
	code_alu_imm(code, BPF_ADD, BPF_REG_2, offsetof(struct walk_job, key));
	code_call(code, BPF_FUNC_map_lookup_elem);
	code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, LABEL_ABSENT);
	code_for_each(code);
	code_return(code);
	code_label(code, LABEL_ABSENT);
	code_store_imm(code, BPF_DW, JOB, offsetof(struct walk_job, state), JOB_ABSENT);
	code_label(code, LABEL_NO_JOB);
	code_return(code);
	code_label(code, LABEL_EACH);
}

/* The verifier takes a callback's address of programs with BTF alone: both functions are `static int f()`. */
static int load_btf(void)
{
	static const char names[] = "\0int\0walk\0each";
	enum { NAME_INT = 1, NAME_WALK = 5, NAME_EACH = 10, SIGNED_32 = 1 << 24 | 32 };
	struct {
		struct btf_header header;
		struct btf_type integer;
		uint32_t encoding;
		struct btf_type prototype, walk, each;
		char names[sizeof(names)];
	} btf = {
		.header = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(struct btf_header) },
		.integer = { .name_off = NAME_INT, .info = BTF_KIND_INT << 24, .size = 4 },
		.encoding = SIGNED_32,
		.prototype = { .info = BTF_KIND_FUNC_PROTO << 24, .type = 1 },
		.walk = { .name_off = NAME_WALK, .info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, .type = 2 },
		.each = { .name_off = NAME_EACH, .info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, .type = 2 },
	};

	memcpy(btf.names, names, sizeof(names));
	btf.header.type_len = (uint32_t)(offsetof(__typeof__(btf), names) - sizeof(btf.header));
	btf.header.str_off = btf.header.type_len;
	btf.header.str_len = sizeof(names);
	return innermap_load_btf(&btf, (uint32_t)(sizeof(btf.header) + btf.header.type_len + sizeof(names)));
}

int walk_load(struct innermap_code *code)
{
	enum { TYPE_WALK = 3, TYPE_EACH };
	const struct bpf_func_info functions[] = { { 0, TYPE_WALK }, { code->labels[LABEL_EACH], TYPE_EACH } };
	struct innermap_program program = { .type = BPF_PROG_TYPE_SOCKET_FILTER, .name = "innermap_walk" };
	int fd;

	program.btf_fd = load_btf();
	if (program.btf_fd < 0)
		return program.btf_fd;
	program.functions = functions;
	program.function_count = 2;
	fd = innermap_program_load(code, &program);
	close(program.btf_fd);
	return fd;
}

/* The callback of a program that is loaded only where keys, or values, have more bytes. */
static void code_beyond(struct innermap_code *code, uint8_t base, uint32_t size)
{
	code_load(code, BPF_B, BPF_REG_0, base, (int16_t)size);
	code_mov_imm(code, BPF_REG_0, 0);
	code_exit(code);
}

static int check_size(const struct walk *walk, int outer_fd, uint8_t base, uint32_t size)
{
	struct innermap_code code;
	int fd;

	code_begin(&code);
	code_walk(&code, walk, outer_fd);
	code_beyond(&code, base, size);
	fd = walk_load(&code);
	if (fd < 0)
		return fd == -EACCES ? 0 : fd;
	close(fd);
	return -EINVAL;
}

int walk_check_sizes(const struct walk *walk, int outer_fd, uint32_t key_size, uint32_t value_size)
{
	int error = check_size(walk, outer_fd, BPF_REG_2, key_size);

	return error < 0 ? error : check_size(walk, outer_fd, BPF_REG_3, value_size);
}

int walk_next(const struct walk *walk, int program_fd, uint32_t jobs)
{
	const struct walk_job *first = (const struct walk_job *)walk->mapped.bytes;
	const uint64_t left = walk->jobs + 1 - first->state, end = first->state + (jobs < left ? jobs : left);
	uint8_t packet[64] = { 0 };
	int error = 0;

	innermap_packet_begin(packet);
	while (error == 0 && first->state < end) {
		struct innermap_run run = { .packet = packet, .packet_size = sizeof(packet) };
		uint64_t before = first->state;

		run.repeat = (uint32_t)(end - before);
		error = innermap_program_run(program_fd, &run);
		/* A signal ends it between two runs */
		if (error == -EINTR)
			error = 0;
		else if (error == 0 && first->state == before)
			error = -EIO;
	}
	return error;
}
