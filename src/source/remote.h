/*
 * source/remote.h: targets that are elsewhere, as stores. scan, cmd and tests may include it.
 * docker://NAME is an image in a registry, https://... a wheel (or another file, as a stream).
 */
#ifndef SOURCE_REMOTE_H
#define SOURCE_REMOTE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "source/http.h"
#include "source/store.h"

enum remote_kind { REMOTE_NONE, REMOTE_IMAGE, REMOTE_URL };

/*
 * What an argument is that names no file: docker:// and http(s):// by their
 * scheme; a bare name ("pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime") where
 * it has a tag or digest, so that a mistyped file never becomes a request.
 */
enum remote_kind remote_kind_of(const char *arg);

/* The argument as it may be shown: no password, no query; a bare image name completed. In the arena. */
char *remote_name(const char *arg, struct arena *a);

/* The name of the file at a path or URL, without its folder, percent-decoded. In the arena. */
char *remote_file(const char *arg, struct arena *a);

/*
 * NULL on error. An image's manifest is read now, its layers when they are
 * asked for, each verified as it passes. Of a wheel the directory is read now,
 * or with `brief` as much of it as leads to the metadata; where the server has
 * no ranges it is a stream. Other files are streams.
 */
struct store *remote_open(struct http *http, const char *arg, bool brief, struct err *err);

#endif
