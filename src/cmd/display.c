#include "cmd/display.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "cmd/options.h"
#include "report/report.h"

enum { FIRST_MS = 1000, EACH_MS = 200, COLUMNS = 80 };

bool display_wanted(const struct options *o)
{
	const char *term = getenv("TERM");
	bool text = !o->format || str_eq(o->format, "text") || o->outputs.n;
	return isatty(STDERR_FILENO) && term && *term && !str_eq(term, "dumb") && (text || !isatty(STDOUT_FILENO));
}

static void add_bytes(struct buf *b, uint64_t n)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double v = (double)n / 1e3;
	size_t i = 0;
	while (v >= 999.5 && i < 3) {
		v /= 1e3;
		i++;
	}
	buf_printf(b, v < 9.95 && i ? "%.1f %s" : "%.0f %s", v, units[i]);
}

static void add_left(struct buf *b, double seconds)
{
	uint64_t s = (uint64_t)(seconds + 1);
	if (s < 100)
		buf_printf(b, ", %" PRIu64 " s left", s);
	else
		buf_printf(b, ", %" PRIu64 " min left", (s + 30) / 60);
}

/* ": layer 2 of 5, 1.2 GB of 3.4 GB, 12 s left"; of a stream what came, of a folder its entries. */
static void add_state(struct buf *b, struct progress *p, double elapsed)
{
	uint64_t total = p->total, done = p->done;
	unsigned parts = p->parts, ended = p->ended;
	buf_str(b, ": ");
	if (parts > 1)
		buf_printf(b, "layer %u of %u, ", ended < parts ? ended + 1 : parts, parts);
	else if (!parts && done)
		buf_printf(b, "layer %u, ", ended + 1);
	if (!done) {
		buf_printf(b, "%" PRIu64 " entries", p->entries);
		return;
	}
	add_bytes(b, done);
	if (!total || done > total)
		return;
	buf_str(b, " of ");
	add_bytes(b, total);
	if (done < total && done > total / 50)
		add_left(b, elapsed * (double)(total - done) / (double)done);
}

/* One line, shorter than the terminal is wide; of a long name its end. */
static void draw(struct display *d, double elapsed)
{
	struct winsize w = { 0 };
	auto_buf struct buf state = BUF_INIT(256);
	size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : COLUMNS;
	add_state(&state, &d->progress, elapsed);
	const char *said = buf_text(&state), *name = d->name;
	size_t n = strlen(said), room = columns > n + 1 ? columns - n - 1 : 0, length = strlen(name);
	if (length > room)
		name += length - room;
	while (((unsigned char)*name & 0xc0) == 0x80) /* not from the middle of a character */
		name++;
	if (n < columns)
		fprintf(stderr, "\r%s%s\033[K", name, said);
	fflush(stderr);
}

static double since(const struct timespec *begun)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

static void add_ms(struct timespec *t, long ms)
{
	t->tv_sec += ms / 1000;
	t->tv_nsec += ms % 1000 * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_sec++;
		t->tv_nsec -= 1000000000;
	}
}

static void *show(void *arg)
{
	struct display *d = arg;
	struct timespec begun, next;
	bool shown = false;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	next = begun;
	add_ms(&next, FIRST_MS);
	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		if (pthread_cond_timedwait(&d->bell, &d->lock, &next) == 0 || d->stop)
			continue;
		draw(d, since(&begun));
		shown = true;
		add_ms(&next, EACH_MS);
	}
	pthread_mutex_unlock(&d->lock);
	if (shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	return NULL;
}

void display_start(struct display *d, const char *name)
{
	if (!d->wanted)
		return;
	auto_buf struct buf shown = BUF_INIT(sizeof(d->name));
	shown_add(&shown, name);
	snprintf(d->name, sizeof(d->name), "%s", shown.bad ? "target" : buf_text(&shown));
	d->progress = (struct progress){ 0 };
	d->stop = false;
	fflush(stdout); /* what was said of the target before stands above */
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->bell, &clock);
	pthread_condattr_destroy(&clock);
	d->runs = !pthread_create(&d->thread, NULL, show, d);
}

void display_stop(struct display *d)
{
	if (!d->wanted)
		return;
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_signal(&d->bell);
	pthread_mutex_unlock(&d->lock);
	if (d->runs)
		pthread_join(d->thread, NULL);
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->bell);
}
