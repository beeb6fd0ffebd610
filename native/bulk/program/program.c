// SPDX-License-Identifier: Apache-2.0
#include "program.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bpf.h"

/* Helpers that walk maps and copy from user space are for programs of this licence alone. */
static const char LICENCE[] = "Dual MIT/GPL";

enum { LOAD_TRIES = 5 };

/* Labels become distances, from the instruction behind the jump. A function's is in the number, as are calls. */
static void resolve(struct innermap_code *code)
{
	for (uint32_t at = 0; at < code->count; at++) {
		struct bpf_insn *insn = &code->insns[at];
		int distance;

		if (code->targets[at] == 0)
			continue;
		distance = (int)code->labels[code->targets[at] - 1] - (int)at - 1;
		if (BPF_CLASS(insn->code) == BPF_LD)
			insn->imm = distance;
		else
			insn->off = (int16_t)distance;
	}
}

static bool is_copied(const struct code_part *part, uint32_t at)
{
	return !part->mask || !part->mask[at] == part->others;
}

void code_copy(struct innermap_code *code, struct code_place to, struct code_place from, const struct code_part *part)
{
	for (uint32_t at = part->begin, piece; at < part->end; at += piece) {
		uint32_t run = 0;
		uint8_t width;

		while (run < 8 && at + run < part->end && is_copied(part, at + run))
			run++;
		for (piece = 8; piece > 1 && (piece > run || at % piece != 0);)
			piece /= 2;
		if (run == 0)
			continue;
		width = piece == 8 ? BPF_DW : piece == 4 ? BPF_W : piece == 2 ? BPF_H : BPF_B;
		code_load(code, width, BPF_REG_1, from.base, (int16_t)(from.offset + (int16_t)at));
		code_store(code, width, to.base, (int16_t)(to.offset + (int16_t)at), BPF_REG_1);
	}
}

int innermap_program_load(struct innermap_code *code, const struct innermap_program *program)
{
	union bpf_attr attr = no_attr();
	int answer = -EAGAIN;

	if (code->is_full)
		return -E2BIG;
	resolve(code);
	attr.prog_type = program->type;
	attr.insns = address(code->insns);
	attr.insn_cnt = code->count;
	attr.license = address(LICENCE);
	attr.prog_flags = program->flags;
	attr.prog_btf_fd = (uint32_t)program->btf_fd;
	attr.func_info = address(program->functions);
	attr.func_info_cnt = program->function_count;
	attr.func_info_rec_size = program->function_count ? sizeof(*program->functions) : 0;
	attr.log_buf = address(program->log);
	attr.log_size = program->log_size;
	attr.log_level = program->log ? 1 : 0;
	snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", program->name ? program->name : "innermap");
	/* The verifier gives up when a signal waits. */
	for (int left = LOAD_TRIES; left > 0; left--) {
		answer = bpf_call(CALL_LOAD_PROGRAM, BPF_PROG_LOAD, &attr);
		if (answer != -EAGAIN)
			break;
	}
	return answer;
}

int innermap_program_run(int fd, struct innermap_run *run)
{
	union bpf_attr attr = no_attr();
	int answer;

	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = address(run->packet);
	attr.test.data_size_in = run->packet_size;
	attr.test.ctx_in = address(run->context);
	attr.test.ctx_size_in = run->context_size;
	attr.test.repeat = run->repeat;
	if (run->context_back) {
		attr.test.ctx_out = address(run->context);
		attr.test.ctx_size_out = run->context_size;
	}
	answer = bpf_call(CALL_RUN_PROGRAM, BPF_PROG_TEST_RUN, &attr);
	run->answer = attr.test.retval;
	return answer;
}

void innermap_packet_begin(uint8_t *packet)
{
	memset(packet, 0, PACKET_HEADER);
	packet[12] = 0x88; /* ETH_P_802_EX1, big-endian */
	packet[13] = 0xb5;
}
