/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF programs of ours, written instruction by instruction: there is no clang on a node. They are loaded for a wave and
 * run by BPF_PROG_TEST_RUN; nothing is attached, nothing is pinned, and the last close of its fd frees a program.
 *
 *   struct innermap_code code;
 *   code_begin(&code);
 *   code_mov_imm(&code, BPF_REG_0, 0);
 *   code_exit(&code);
 *   fd = innermap_program_load(&code, &(struct innermap_program){ .type = BPF_PROG_TYPE_SOCKET_FILTER });
 */
#ifndef INNERMAP_PROGRAM_H
#define INNERMAP_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CODE_ROOM = 4096, CODE_LABELS = 64 };

/* A program as it grows. What has no room is left out and makes the load fail with E2BIG. */
struct innermap_code {
	struct bpf_insn insns[CODE_ROOM];
	/* Of a jump its label + 1, of others 0. */
	uint8_t targets[CODE_ROOM];
	/* Where each label stands. */
	uint32_t labels[CODE_LABELS];
	uint32_t count;
	bool is_full;
};

static inline void code_begin(struct innermap_code *code)
{
	code->count = 0;
	code->is_full = false;
}

static inline void code_to(struct innermap_code *code, struct bpf_insn insn, uint8_t target)
{
	if (code->count == CODE_ROOM) {
		code->is_full = true;
		return;
	}
	code->targets[code->count] = target;
	code->insns[code->count++] = insn;
}

static inline void code_add(struct innermap_code *code, struct bpf_insn insn)
{
	code_to(code, insn, 0);
}

/* `operation`: BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH, BPF_MOV …, on 64 bits. */
static inline void code_alu(struct innermap_code *code, uint8_t operation, uint8_t to, uint8_t from)
{
	code_add(code, (struct bpf_insn){ .code = BPF_ALU64 | operation | BPF_X, .dst_reg = to, .src_reg = from });
}

static inline void code_alu_imm(struct innermap_code *code, uint8_t operation, uint8_t to, int32_t number)
{
	code_add(code, (struct bpf_insn){ .code = BPF_ALU64 | operation | BPF_K, .dst_reg = to, .imm = number });
}

static inline void code_mov(struct innermap_code *code, uint8_t to, uint8_t from)
{
	code_alu(code, BPF_MOV, to, from);
}

static inline void code_mov_imm(struct innermap_code *code, uint8_t to, int32_t number)
{
	code_alu_imm(code, BPF_MOV, to, number);
}

/* to = *(size *)(from + offset); `size`: BPF_B, BPF_H, BPF_W, BPF_DW. */
static inline void code_load(struct innermap_code *code, uint8_t size, uint8_t to, uint8_t from, int16_t offset)
{
	code_add(code, (struct bpf_insn){
			       .code = BPF_LDX | BPF_MEM | size, .dst_reg = to, .src_reg = from, .off = offset });
}

/* *(size *)(to + offset) = from */
static inline void code_store(struct innermap_code *code, uint8_t size, uint8_t to, int16_t offset, uint8_t from)
{
	code_add(code, (struct bpf_insn){
			       .code = BPF_STX | BPF_MEM | size, .dst_reg = to, .src_reg = from, .off = offset });
}

/* *(size *)(to + offset) = number */
static inline void code_store_imm(struct innermap_code *code, uint8_t size, uint8_t to, int16_t offset, int32_t number)
{
	code_add(code, (struct bpf_insn){ .code = BPF_ST | BPF_MEM | size, .dst_reg = to, .off = offset, .imm = number });
}

/* Two instructions. `kind`: 0 for a plain number, or a BPF_PSEUDO_*. */
static inline void code_wide(struct innermap_code *code, uint8_t to, uint8_t kind, uint64_t number)
{
	code_add(code, (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM,
					  .dst_reg = to,
					  .src_reg = kind,
					  .imm = (int32_t)number });
	code_add(code, (struct bpf_insn){ .imm = (int32_t)(number >> 32) });
}

static inline void code_map(struct innermap_code *code, uint8_t to, int map_fd)
{
	code_wide(code, to, BPF_PSEUDO_MAP_FD, (uint32_t)map_fd);
}

/* A label is a number of the caller's below CODE_LABELS; it may be jumped to before it stands. */
static inline void code_label(struct innermap_code *code, uint8_t label)
{
	code->labels[label] = code->count;
}

static inline void code_jump(struct innermap_code *code, uint8_t label)
{
	code_to(code, (struct bpf_insn){ .code = BPF_JMP | BPF_JA }, label + 1);
}

/* `test`: BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE …, of 64 bits. */
static inline void code_jump_if(struct innermap_code *code, uint8_t test, uint8_t left, uint8_t right, uint8_t label)
{
	code_to(code, (struct bpf_insn){ .code = BPF_JMP | test | BPF_X, .dst_reg = left, .src_reg = right }, label + 1);
}

static inline void code_jump_if_imm(struct innermap_code *code, uint8_t test, uint8_t left, int32_t right,
				    uint8_t label)
{
	code_to(code, (struct bpf_insn){ .code = BPF_JMP | test | BPF_K, .dst_reg = left, .imm = right }, label + 1);
}

/* The address of a function of this program, for helpers that call back; the load needs BTF for it. */
static inline void code_function(struct innermap_code *code, uint8_t to, uint8_t label)
{
	code_to(code,
		(struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = to, .src_reg = BPF_PSEUDO_FUNC },
		label + 1);
	code_add(code, (struct bpf_insn){ 0 });
}

/* `helper`: BPF_FUNC_*. It overwrites registers 0 to 5. */
static inline void code_call(struct innermap_code *code, int32_t helper)
{
	code_add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper });
}

static inline void code_exit(struct innermap_code *code)
{
	code_add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Where a value is: its byte `at` lies at base + offset + at. */
struct code_place {
	uint8_t base;
	int16_t offset;
};

/* Which of a value's bytes: those from `begin` up to `end` of which `mask` is not 0, or with `others` is 0; NULL: all. */
struct code_part {
	const uint8_t *mask;
	bool others;
	uint32_t begin;
	uint32_t end;
};

/*
 * Copies them by register 1, in the largest pieces that lie on their boundary: a field of 2, 4 or 8 bytes that does is never
 * written in two.
 */
void code_copy(struct innermap_code *code, struct code_place to, struct code_place from, const struct code_part *part);

/* What a program is beside its instructions. All but the type may be 0. */
struct innermap_program {
	enum bpf_prog_type type;
	/* BPF_F_SLEEPABLE … */
	uint32_t flags;
	/* Up to 15 of [A-Za-z0-9_.]; "innermap" where it is absent. */
	const char *name;
	/* For code_function: BTF, and which of its types each function of the program has. */
	int btf_fd;
	const struct bpf_func_info *functions;
	uint32_t function_count;
	/* Where the verifier writes why it refuses the program; for tests. */
	char *log;
	uint32_t log_size;
};

/* The fd, or -errno: EPERM without CAP_BPF, EACCES or EINVAL where this kernel's verifier does not take it. */
int innermap_program_load(struct innermap_code *code, const struct innermap_program *program);

/* One run: what goes in, and what comes out. */
struct innermap_run {
	/* struct __sk_buff of a socket filter; anything that a syscall program shares with its caller. May be NULL. */
	void *context;
	uint32_t context_size;
	/* Whether the kernel writes the context back: not to be asked of a syscall program, which does so always. */
	bool context_back;
	const void *packet;
	uint32_t packet_size;
	/* How often it runs in this call; 0 is once. Between two runs the kernel may schedule, and a signal ends the call: EINTR. */
	uint32_t repeat;
	/* What the program returned, the last time. */
	uint32_t answer;
};

/* 0 or -errno. */
int innermap_program_run(int fd, struct innermap_run *run);

/*
 * A packet for a socket filter begins with an Ethernet header, which the kernel takes off: offset 0 of
 * bpf_skb_load_bytes is behind it. What follows it must not be empty. 4096 bytes less what an sk_buff needs at both ends
 * are the most that every kernel takes; 128 and 384 are the largest of these on any architecture.
 */
enum { PACKET_HEADER = 14, PACKET_MOST = 4096 - 128 - 384 };

/* Writes the header: a local protocol, so that no kernel looks into the rest. */
void innermap_packet_begin(uint8_t *packet);

#endif
