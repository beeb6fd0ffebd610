/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of `driver traffic`: numbered frames into one end of a veth pair, and what comes out of the other.
 *
 * Times are nanoseconds of CLOCK_REALTIME, as statuses and logs of a cluster have them.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NANOSECONDS 1000000000ull
#define FLOWS_MAX 4096
#define RATE_MAX 100000
/* Of IPv4: a header, UDP's, and the stamp; the MTU. */
#define PACKET_LEAST 60
#define PACKET_MOST 1500

/* What each frame says of itself, behind the UDP header. */
struct stamp {
	uint32_t magic;
	/* A marker, or the number of its flow. */
	uint32_t flow;
	/* Of this process alone: frames of another are strangers. */
	uint64_t run;
	uint64_t sequence;
	uint64_t sent_at;
} __attribute__((packed));

#define STAMP_MAGIC 0x696d6170
/* Goes to an address that no tenant has; where it arrives, all that was sent before has arrived or never will. */
#define MARKER UINT32_MAX

/* frames.c */
struct frames {
	/* Both of the host's byte order. */
	uint32_t first_address;
	uint16_t port;
	/* Of the IPv4 packet. */
	uint16_t size;
};

size_t write_frame(const struct frames *frames, const struct stamp *stamp, uint8_t *frame);
/* False where the frame is none of ours; `length` bytes of it are there, the rest may be cut off. */
bool read_frame(const uint8_t *frame, size_t length, struct stamp *stamp);

/* sockets.c: both fail in words. */
int sending_socket(const char *interface);
struct receiver {
	int socket;
	uint8_t *ring;
	unsigned int next;
	/* What the ring had no room for: then the counts are worth nothing. */
	uint64_t overflown;
};

struct receiver receiving_socket(const char *interface);
/* The next frame, or NULL; it is valid until `release`. */
const uint8_t *next_frame(struct receiver *receiver, size_t *length, uint64_t *received_at);
void release(struct receiver *receiver);
void count_overflown(struct receiver *receiver);

/* flows.c: what became of the frames to one address. */
#define GAPS_KEPT 16
/* More than can be on their way: a veth's ring has 256 places. */
#define SENT_KEPT 1024

struct gap {
	uint64_t first;
	uint64_t count;
	/* When the first and the last of the missing were sent. */
	uint64_t sent_from;
	uint64_t sent_to;
	uint64_t ended_at;
};

struct flow {
	/* Sequences: the first that counts, the next to be sent, the next to be received. */
	uint64_t begin;
	uint64_t next;
	uint64_t expected;
	uint64_t received;
	/* Within gaps, so that something later did arrive. */
	uint64_t lost;
	uint64_t duplicates;
	uint64_t reordered;
	/* Too late to tell which of the two. */
	uint64_t unplaced;
	uint64_t gaps;
	/* Bit N: `expected - 1 - N` has been received. */
	uint64_t window;
	uint64_t last_sent_at;
	uint64_t last_received_at;
	/* When `expected` was sent, if that is too long ago for sent_at. */
	uint64_t missing_since;
	struct gap kept[GAPS_KEPT];
	uint64_t sent_at[SENT_KEPT];
};

void note_sent(struct flow *flow, uint64_t time);
void note_received(struct flow *flow, const struct stamp *stamp, uint64_t received_at);
/* Begins to count anew; nothing may be on its way. */
void reset_flow(struct flow *flow);
/* Sent, and nothing later received: dropped since, or on their way. */
uint64_t behind(const struct flow *flow);
/* When the first of those was sent. */
uint64_t behind_since(const struct flow *flow);

struct traffic {
	struct frames frames;
	struct flow *flows;
	uint32_t flow_count;
	uint32_t rate;
	int sender;
	struct receiver receiver;
	uint64_t run;
	uint32_t turn;
	uint64_t markers_sent;
	uint64_t markers_received;
	/* No place in the veth's ring: sent again, and counted here alone. */
	uint64_t refused;
	uint64_t strangers;
	/* Since the start or the last reset. */
	uint64_t begun_at;
	/* Pace: frames due since `paced_from`, of CLOCK_MONOTONIC, and those sent of them. */
	uint64_t paced_from;
	uint64_t paced;
	uint64_t latest;
};

/* pace.c */
uint64_t clock_now(int clock);
void send_due(struct traffic *traffic);
/* Nanoseconds until there is something to do. */
uint64_t until_due(const struct traffic *traffic);
void pace_anew(struct traffic *traffic);
/* False where there was no room. */
bool send_frame(struct traffic *traffic, const struct stamp *stamp);

/* arrivals.c */
void receive(struct traffic *traffic);
/* Sends a marker and waits for it; false where it does not arrive within a second. */
bool settle(struct traffic *traffic);

/* report.c: one line. */
struct wish {
	bool quiesce;
	bool reset;
	bool brief;
};

void print_report(FILE *to, const struct traffic *traffic, const struct wish *wish, bool settled);

/* control.c: a name in the network namespace, so that it needs no file: an abstract socket. */
#define CONTROL "traffic"

int control_socket(const char *name);
/* The words `quiesce`, `reset` and `brief` of a line. */
struct wish wish_of(const char *line);
void grant(FILE *to, struct traffic *traffic, const struct wish *wish);
void answer_client(int control, struct traffic *traffic);
int connect_control(const char *name);

#endif
