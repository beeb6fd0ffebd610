// SPDX-License-Identifier: Apache-2.0
#include "sip.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

/* v0 to v3 of SipHash are in these registers. */
enum { FIRST = BPF_REG_5, SECOND, THIRD, FOURTH, WORD = BPF_REG_1, SPARE = BPF_REG_0, ANY_BIT = BPF_REG_9 };
enum { FINAL_ROUNDS = 3 };
/* Words of the largest entry: a key and a value may each end within one. */
enum { MOST_WORDS = HASH_MOST_BYTES / 8 + 2 };

struct sip {
	uint64_t v[4];
};

static struct hash_key process_key;
static int process_key_answer;
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static void make_process_key(void)
{
	ssize_t got = getrandom(&process_key, sizeof(process_key), 0);

	if (got != (ssize_t)sizeof(process_key))
		process_key_answer = got < 0 ? -errno : -EAGAIN;
}

int hash_key_of_process(struct hash_key *key)
{
	pthread_once(&process_key_once, make_process_key);
	*key = process_key;
	return process_key_answer;
}

static struct sip sip_begin(const struct hash_key *key)
{
	return (struct sip){ { key->words[0] ^ 0x736f6d6570736575, key->words[1] ^ 0x646f72616e646f6d,
			       key->words[0] ^ 0x6c7967656e657261, key->words[1] ^ 0x7465646279746573 } };
}

static inline uint64_t rotated(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[0] = rotated(v[0], 32);
	v[2] += v[3];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[2] = rotated(v[2], 32);
}

static inline uint64_t sip(struct sip state, const uint64_t *words, uint32_t count)
{
	for (uint32_t at = 0; at < count; at++) {
		state.v[3] ^= words[at];
		sip_round(state.v);
		state.v[0] ^= words[at];
	}
	state.v[2] ^= 0xff;
	for (int round = 0; round < FINAL_ROUNDS; round++)
		sip_round(state.v);
	return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}

/* As a program loads it: the last word of a size that is not whole, from pieces of 4, 2 and 1 bytes. */
static inline uint64_t word_at(const uint8_t *bytes, uint32_t size, uint32_t at)
{
	uint64_t word = 0;
	uint32_t left = size - at, shift = 0;

	if (left >= 8) {
		memcpy(&word, bytes + at, 8);
		return word;
	}
	if (left & 4) {
		uint32_t piece;

		memcpy(&piece, bytes + at, 4);
		word = piece;
		at += 4;
		shift = 32;
	}
	if (left & 2) {
		uint16_t piece;

		memcpy(&piece, bytes + at, 2);
		word |= (uint64_t)piece << shift;
		at += 2;
		shift += 16;
	}
	return left & 1 ? word | (uint64_t)bytes[at] << shift : word;
}

static uint64_t mask_at(const struct hash_layout *layout, uint32_t at)
{
	static const uint8_t all[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint32_t left = layout->value_size - at;

	return layout->mask ? word_at(layout->mask, layout->value_size, at) : word_at(all, left < 8 ? left : 8, 0);
}

uint64_t hash_entries(const struct hash_key *key, const struct hash_layout *layout, uint32_t count, const uint8_t *keys,
		      const uint8_t *values)
{
	const struct sip begin = sip_begin(key);
	uint64_t sum = 0;

	for (uint32_t entry = 0; entry < count; entry++) {
		uint64_t words[MOST_WORDS], any = 0;
		uint32_t length = 0;

		for (uint32_t at = 0; at < layout->key_size; at += 8)
			words[length++] = word_at(keys, layout->key_size, at);
		for (uint32_t at = 0; at < layout->value_size; at += 8) {
			uint64_t mask = mask_at(layout, at);

			if (mask == 0)
				continue;
			words[length] = word_at(values, layout->value_size, at) & mask;
			any |= words[length++];
		}
		if (any != 0 || !layout->leaves_out_zeros)
			sum += sip(begin, words, length);
		keys += layout->key_size;
		values += layout->value_size;
	}
	return sum;
}

static void code_rotate(struct innermap_code *code, uint8_t reg, int32_t bits)
{
	code_mov(code, SPARE, reg);
	code_alu_imm(code, BPF_LSH, reg, bits);
	code_alu_imm(code, BPF_RSH, SPARE, 64 - bits);
	code_alu(code, BPF_OR, reg, SPARE);
}

/* to += with; with = rotated(with) ^ to */
static void code_half(struct innermap_code *code, uint8_t to, uint8_t with, int32_t bits)
{
	code_alu(code, BPF_ADD, to, with);
	code_rotate(code, with, bits);
	code_alu(code, BPF_XOR, with, to);
}

static void code_round(struct innermap_code *code)
{
	code_half(code, FIRST, SECOND, 13);
	code_rotate(code, FIRST, 32);
	code_half(code, THIRD, FOURTH, 16);
	code_half(code, FIRST, FOURTH, 21);
	code_half(code, THIRD, SECOND, 17);
	code_rotate(code, THIRD, 32);
}

static void code_absorb(struct innermap_code *code)
{
	code_alu(code, BPF_XOR, FOURTH, WORD);
	code_round(code);
	code_alu(code, BPF_XOR, FIRST, WORD);
}

static const struct {
	uint32_t bytes;
	uint8_t size;
} pieces[] = { { 8, BPF_DW }, { 4, BPF_W }, { 2, BPF_H }, { 1, BPF_B } };

/*
 * Loads pieces[piece], which is `shift` bits from the beginning of a word. Halves of which no bit counts are left out: the
 * verifier allows no load of what is the kernel's. Returns whether the word has begun.
 */
static bool code_piece(struct innermap_code *code, uint8_t base, uint32_t at, uint32_t piece, uint64_t mask,
		       uint32_t shift, bool has_begun)
{
	const uint32_t half = pieces[piece].bytes * 4;
	const uint8_t to = has_begun ? SPARE : WORD;
	const uint64_t of_half = (1ULL << half) - 1;

	if (pieces[piece].bytes < 8)
		mask &= (1ULL << 2 * half) - 1;
	if (mask == 0)
		return has_begun;
	if (pieces[piece].bytes > 1 && ((mask & of_half) == 0 || mask >> half == 0)) {
		has_begun = code_piece(code, base, at, piece + 1, mask & of_half, shift, has_begun);
		return code_piece(code, base, at + half / 8, piece + 1, mask >> half, shift + half, has_begun);
	}
	code_load(code, pieces[piece].size, to, base, (int16_t)at);
	if (shift > 0)
		code_alu_imm(code, BPF_LSH, to, (int32_t)shift);
	if (has_begun)
		code_alu(code, BPF_OR, WORD, SPARE);
	return true;
}

/* word_at, of which the bits of the mask count. */
static void code_word(struct innermap_code *code, uint8_t base, uint32_t size, uint32_t at, uint64_t mask)
{
	const uint32_t left = size - at < 8 ? size - at : 8;
	bool has_begun = false;

	for (uint32_t piece = 0, shift = 0; piece < 4; piece++) {
		if ((left & pieces[piece].bytes) == 0)
			continue;
		has_begun = code_piece(code, base, at + shift / 8, piece, mask >> shift, shift, has_begun);
		shift += 8 * pieces[piece].bytes;
	}
}

static void code_value(struct innermap_code *code, const struct hash_layout *layout)
{
	for (uint32_t at = 0; at < layout->value_size; at += 8) {
		uint64_t mask = mask_at(layout, at), all = mask_at(&(struct hash_layout){ .value_size = layout->value_size }, at);

		if (mask == 0)
			continue;
		code_word(code, BPF_REG_3, layout->value_size, at, mask);
		if (mask != all) {
			code_wide(code, SPARE, 0, mask);
			code_alu(code, BPF_AND, WORD, SPARE);
		}
		if (layout->leaves_out_zeros)
			code_alu(code, BPF_OR, ANY_BIT, WORD);
		code_absorb(code);
	}
}

void code_hash(struct innermap_code *code, const struct hash_key *key, const struct hash_layout *layout,
	       uint8_t left_out)
{
	const struct sip begin = sip_begin(key);

	for (int at = 0; at < 4; at++)
		code_wide(code, FIRST + (uint8_t)at, 0, begin.v[at]);
	if (layout->leaves_out_zeros)
		code_mov_imm(code, ANY_BIT, 0);
	for (uint32_t at = 0; at < layout->key_size; at += 8) {
		code_word(code, BPF_REG_2, layout->key_size, at, UINT64_MAX);
		code_absorb(code);
	}
	code_value(code, layout);
	if (layout->leaves_out_zeros)
		code_jump_if_imm(code, BPF_JEQ, ANY_BIT, 0, left_out);
	code_alu_imm(code, BPF_XOR, THIRD, 0xff);
	for (int round = 0; round < FINAL_ROUNDS; round++)
		code_round(code);
	code_alu(code, BPF_XOR, FIRST, SECOND);
	code_alu(code, BPF_XOR, FIRST, THIRD);
	code_alu(code, BPF_XOR, FIRST, FOURTH);
}
