/* base/err.h: the caller's error. Everybody may include it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_kind { ERR_NONE, ERR_USAGE, ERR_IO, ERR_NOMEM, ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED, ERR_REFUSED /* not the bytes that were asked for */ };

/* One error, owned by the caller; the first cause wins. `sys` is an errno or 0. */
struct err {
	enum err_kind kind;
	int sys;
	char text[480];
};

#define ERR_INIT { .kind = ERR_NONE }

/* Sets the error unless one is set already. `e` may be NULL. Always -1. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set with ERR_IO, followed by ": " and the words for `sys` (an errno). Always -1. */
int err_sys(struct err *e, int sys, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "where: " before the text of an error that is set. Always -1. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says that memory ran out. Always -1. */
int err_nomem(struct err *e);

#endif
