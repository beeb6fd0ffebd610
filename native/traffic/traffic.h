/* SPDX-License-Identifier: Apache-2.0 */
/* Packets from one end of a veth pair to the other, counted at both. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define FLOWS_MAX 1024

/* One destination address: numbers 0, 1, 2… are sent to it. Each half is written by one thread alone. */
struct flow {
	struct {
		uint64_t packets;
		/* Nanoseconds of CLOCK_REALTIME, as all times here. */
		uint64_t last_at;
	} sent;
	struct {
		uint64_t packets;
		/* The number that comes next where none is lost. */
		uint64_t next;
		/* Behind one with a higher number: late, or twice. */
		uint64_t late;
		/* Times at which numbers were missing. */
		uint64_t gaps;
		/* When the last packet that arrived was sent. */
		uint64_t last_sent_at;
		/* Of the newest gap: when the packets before and behind it were sent. */
		uint64_t stopped_at;
		uint64_t resumed_at;
	} received;
};

struct traffic {
	const char *from;
	const char *to;
	/* Of the first flow, in network byte order; the others follow it. */
	uint32_t first;
	uint16_t port;
	uint32_t flows;
	/* Packets a second, all flows together. */
	uint32_t rate;
	/* The sender waits, and says so. */
	bool hold;
	bool held;
	/* Of the receiver: since when nothing came, and what the socket had no room for. */
	uint64_t last_arrival;
	uint64_t overrun;
	struct flow flow[FLOWS_MAX];
};

/* What an UDP packet carries here. */
struct stamp {
	uint32_t magic;
	uint32_t flow;
	uint64_t number;
	uint64_t sent_at;
} __attribute__((packed));

#define MAGIC 0x696e6d70

uint64_t now(void);

/* Threads; each takes the struct traffic and does not return. */
void *send_packets(void *traffic);
void *receive_packets(void *traffic);

/* Answers whoever connects to the control socket; does not return. */
void answer_reports(struct traffic *traffic);
/* Prints a report of the process that answers in this network namespace. */
int ask_report(const char *what);

#endif
