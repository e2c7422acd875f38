/* cmd/display.h: how far a target is, on a terminal, for what takes longer than a second. Only cmd includes it. */
#ifndef CMD_DISPLAY_H
#define CMD_DISPLAY_H

#include <pthread.h>
#include <stdbool.h>

#include "base/progress.h"

struct options;

/* Zeroed: shows nothing. */
struct display {
	struct progress progress; /* of the target that is read now */
	bool wanted; /* there is somebody to look at it */
	bool runs, stop;
	char name[256]; /* as it may be shown */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t bell;
};

/*
 * Standard error is a terminal, and what the command prints does not share it
 * with anything but text.
 */
bool display_wanted(const struct options *o);

/* A line on standard error from the first second on, until display_stop takes it away again. */
void display_start(struct display *d, const char *name);
void display_stop(struct display *d);

#endif
