#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/str.h"

static void put(struct json_out *j, const char *p, size_t n)
{
	if (j->bad)
		return;
	if (j->buf)
		buf_add(j->buf, p, n);
	/* one thread writes a report: a lock for each of its small pieces takes half of the time */
	if (j->file && fwrite_unlocked(p, 1, n, j->file) != n)
		j->bad = true;
}

static void puts_(struct json_out *j, const char *s)
{
	put(j, s, strlen(s));
}

static void newline(struct json_out *j)
{
	static const char blanks[] = "\n                                                                ";
	put(j, blanks, 1 + 2 * (size_t)j->depth);
}

/* What stands before a value or a key: comma and line end. */
static void before(struct json_out *j)
{
	if (j->keyed) {
		j->keyed = false;
		return;
	}
	if (!j->depth)
		return;
	if (j->any[j->depth])
		puts_(j, j->compact[j->depth] ? ", " : ",");
	j->any[j->depth] = true;
	if (!j->compact[j->depth])
		newline(j);
}

static void begin(struct json_out *j, const char *bracket, bool line)
{
	before(j);
	puts_(j, bracket);
	if (j->depth + 1 >= JSON_DEPTH) {
		j->bad = true;
		return;
	}
	j->depth++;
	j->any[j->depth] = false;
	j->compact[j->depth] = line || j->compact[j->depth - 1];
}

static void end(struct json_out *j, const char *bracket)
{
	if (!j->depth)
		return;
	bool line = j->compact[j->depth], any = j->any[j->depth];
	j->depth--;
	if (any && !line)
		newline(j);
	puts_(j, bracket);
}

void jout_object(struct json_out *j) { begin(j, "{", false); }
void jout_object_line(struct json_out *j) { begin(j, "{", true); }
void jout_object_end(struct json_out *j) { end(j, "}"); }
void jout_array(struct json_out *j) { begin(j, "[", false); }
void jout_array_line(struct json_out *j) { begin(j, "[", true); }
void jout_array_end(struct json_out *j) { end(j, "]"); }

static void quoted(struct json_out *j, struct span s)
{
	puts_(j, "\"");
	while (s.n) {
		size_t plain = 0;
		while (plain < s.n && s.p[plain] >= 0x20 && s.p[plain] < 0x7f && s.p[plain] != '"' && s.p[plain] != '\\')
			plain++;
		put(j, (const char *)s.p, plain);
		s = span_from(s, plain);
		if (!s.n)
			break;
		unsigned char c = s.p[0];
		size_t n = 1;
		char esc[8];
		if (c == '"' || c == '\\') {
			snprintf(esc, sizeof(esc), "\\%c", c);
			puts_(j, esc);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(esc, sizeof(esc), c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\u%04x", c);
			puts_(j, esc);
		} else if ((n = utf8_length(s))) {
			put(j, (const char *)s.p, n);
		} else {
			puts_(j, "\xef\xbf\xbd");
			n = 1;
		}
		s = span_from(s, n);
	}
	puts_(j, "\"");
}

void jout_key(struct json_out *j, const char *key)
{
	before(j);
	quoted(j, SPAN_STR(key));
	puts_(j, ": ");
	j->keyed = true;
}

void jout_span(struct json_out *j, struct span s)
{
	before(j);
	quoted(j, s);
}

void jout_string(struct json_out *j, const char *s)
{
	if (s)
		jout_span(j, SPAN_STR(s));
	else
		jout_null(j);
}

void jout_int(struct json_out *j, int64_t v)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, v);
	before(j);
	puts_(j, text);
}

void jout_bool(struct json_out *j, bool v)
{
	before(j);
	puts_(j, v ? "true" : "false");
}

void jout_null(struct json_out *j)
{
	before(j);
	puts_(j, "null");
}

void jout_put(struct json_out *j, const char *key, const char *s)
{
	jout_key(j, key);
	jout_string(j, s);
}

void jout_put_int(struct json_out *j, const char *key, int64_t v)
{
	jout_key(j, key);
	jout_int(j, v);
}

void jout_put_bool(struct json_out *j, const char *key, bool v)
{
	jout_key(j, key);
	jout_bool(j, v);
}

int jout_end(struct json_out *j, struct err *err)
{
	puts_(j, "\n");
	if (j->file && fflush(j->file))
		j->bad = true;
	if (j->bad || (j->buf && j->buf->bad))
		return err_sys(err, errno ? errno : EIO, "cannot write JSON");
	return 0;
}

json_t *json_parse(struct span text, const char *what, struct err *err)
{
	json_error_t e;
	if (!text.n) {
		err_set(err, ERR_FORMAT, "%s is no JSON: it is empty", what);
		return NULL;
	}
	json_t *o = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
	if (!o)
		err_set(err, ERR_FORMAT, "%s is no JSON: line %d, column %d: %s", what, e.line, e.column, e.text);
	return o;
}

json_t *json_read(int fd, size_t limit, const char *what, struct err *err)
{
	auto_buf struct buf text = BUF_INIT(limit);
	char piece[65536];
	ssize_t n;
	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, errno, "cannot read %s", what);
			return NULL;
		}
		buf_add(&text, piece, (size_t)n);
		if (text.bad) {
			err_set(err, ERR_LIMIT, "%s is larger than %zu MB", what, limit >> 20);
			return NULL;
		}
	}
	return json_parse((struct span){ (const unsigned char *)text.p, text.n }, what, err);
}

const char *json_get_str(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}
