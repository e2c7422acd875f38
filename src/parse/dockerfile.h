/*
 * parse/dockerfile.h: the instructions of a Dockerfile with their lines, and
 * which of them made which layer of an image. cmd and tests include it.
 * Texts live in the arena.
 */
#ifndef PARSE_DOCKERFILE_H
#define PARSE_DOCKERFILE_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"

/* Those that make layers. WORKDIR does where it makes a folder. */
enum docker_kind { DOCKER_RUN, DOCKER_COPY, DOCKER_ADD, DOCKER_WORKDIR };

struct docker_instruction {
	enum docker_kind kind;
	/*
	 * What a history may say of it, without keyword and flags, blanks collapsed;
	 * unused ones are NULL. [0] is as BuildKit writes it: lists as their words,
	 * here-documents with it, variables expanded (WILDCARD where their value is
	 * not in the file). [1] is as it stands in the file, [2] the document of
	 * "RUN <<EOF" alone, which is what runs.
	 */
	const char *forms[3];
	unsigned first, last; /* lines, from 1 */
	unsigned stage;
};

struct docker_stage {
	const char *name, *base; /* AS name, or NULL; what FROM names */
	unsigned line;
	int parent; /* the earlier stage that FROM names; -1: an image */
};

struct dockerfile {
	LIST(struct docker_instruction) v;
	LIST(struct docker_stage) stages;
};

/* -1 when memory runs out, there is no FROM, or a limit is passed. */
int dockerfile_parse(struct span text, struct arena *a, struct dockerfile *out, struct err *err);

/* Where a layer comes from; first 0: nobody knows. */
struct docker_place { unsigned first, last; };

/*
 * For each of n layers (history lines as the image states them, NULL where it
 * does not) the lines that made it. The stage that explains most layers is
 * taken for the image's own: of equals the shorter one, then the last. Layers
 * below its first instruction are its FROM's. Nothing is guessed: no match
 * gives no place, and a stage of which less than half is found (as when a
 * builder makes one layer of all) is not the image's.
 */
int dockerfile_match(const struct dockerfile *d, const char *const *created_by, size_t n, struct docker_place *out, struct err *err);

#endif
