/* base/auto.h: the closed list of local resources that free themselves at the end of their scope. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static inline void auto_free_(void *p) { mem_free(*(void **)p); }
static inline void auto_file_(FILE **f) { if (*f) fclose(*f); }
static inline void auto_fd_(int *fd) { if (*fd >= 0) close(*fd); }

#define auto_free  __attribute__((cleanup(auto_free_)))  /* char *p = mem_alloc() */
#define auto_file  __attribute__((cleanup(auto_file_)))  /* FILE *f = fopen() */
#define auto_fd    __attribute__((cleanup(auto_fd_)))    /* int fd = openat(); -1 is nothing */
#define auto_buf   __attribute__((cleanup(buf_clear)))   /* struct buf b = BUF_INIT(n) */
#define auto_arena __attribute__((cleanup(arena_clear))) /* struct arena a = ARENA_INIT */

/* Moves a pointer out of a variable under an attribute. */
#define take(p) __extension__({ __typeof__(*(p)) taken_ = *(p); *(p) = NULL; taken_; })

#endif
