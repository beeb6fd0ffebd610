/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_SIP_H
#define INNERMAP_SIP_H

#include "program.h"

/*
 * The hash of one entry, in C and as BPF instructions: SipHash-1-3, a pseudorandom function, of the words that hash_words
 * makes of an entry. All inner maps of an outer map have entries of one size, so no length is hashed.
 *
 * A digest is the sum of the hashes of a map's entries, which are distinct as their keys are: the multiset hash
 * MSet-Add-Hash (Clarke, Devadas, van Dijk, Gassend, Suh: Incremental Multiset Hash Functions, 2003). To whoever has not
 * the key, hashes of distinct entries are independent and uniform, so no set of entries that is not the declared one,
 * however it was chosen, has the declared sum but by chance, 1 in 2^64 for each check. A linear hash would not do: where
 * two entries change their values, the sum of a linear hash stays. That sums of many known hashes can be made to collide
 * (Wagner's birthday attack) is of no use here: no hash or digest leaves this process and its kernel.
 */
struct hash_key {
	uint64_t words[2];
};

/* Sizes in bytes of one entry, and which bits of a value count; `mask` is as long as a value, or NULL: all count. */
struct hash_layout {
	uint32_t key_size;
	uint32_t value_size;
	const uint8_t *mask;
	/* Entries whose value is zero where it counts are left out: an array has one at each index. */
	bool leaves_out_zeros;
};

/* A program has an instruction or more for each word. */
enum { HASH_MOST_BYTES = 512 };

/* The key of this process, made on first use; 0 or -errno. */
int hash_key_of_process(struct hash_key *key);

/* The sum for `count` entries: keys one after the other, and values. */
uint64_t hash_entries(const struct hash_key *key, const struct hash_layout *layout, uint32_t count, const uint8_t *keys,
		      const uint8_t *values);

/*
 * Instructions that leave the hash of an entry in register 5. Register 2 has its key's address, 3 its value's; 0, 1 and 6
 * to 9 are used. They go on at `left_out` where an entry is left out.
 */
void code_hash(struct innermap_code *code, const struct hash_key *key, const struct hash_layout *layout,
	       uint8_t left_out);

#endif
