/*
 * scan/replay.h: a second look into the body of a stream, by states of its
 * decoder that were saved as it passed. Inside scan only.
 */
#ifndef SCAN_REPLAY_H
#define SCAN_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "source/blob.h"

struct tree;

enum { REPLAY_MARKS = 16 };

struct replay {
	struct tree *t; /* NULL: its stream cannot go back */
	uint64_t size;  /* of the body */
	struct replay_mark {
		uint64_t at; /* of the body */
		bool kept;   /* of a place that was asked for: never thinned out */
		struct blob_mark mark;
	} v[REPLAY_MARKS];
	size_t n;
	uint64_t step;  /* bytes between two marks */
	uint64_t spent; /* bytes that were decoded again */

	bool away;      /* gone back; then */
	uint64_t at;    /* the stream is at this byte of the body, and belongs at `home_at` */
	uint64_t home_at;
	struct blob_mark home; /* its state there, where it can be saved */
};
#define REPLAY_INIT { 0 }

/* Before the first bytes of a body. What was saved of another is forgotten. */
void replay_begin(struct replay *r, struct tree *t, uint64_t size);

/* After a run of the body: saves a state where it is time, or one of `places` (bytes of the body) comes next. */
int replay_pass(struct replay *r, const uint64_t *places, size_t n, struct err *err);

/* Bytes of the body that passed; fewer only at its end. 0 also where there is no way back, or it was gone too often. */
ssize_t replay_read(struct replay *r, uint64_t at, void *p, size_t n, struct err *err);

/* The stream goes to where it was. */
int replay_end(struct replay *r, struct err *err);

void replay_clear(struct replay *r);

#endif
