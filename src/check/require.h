/*
 * check/require.h: NVIDIA_REQUIRE_* as the runtimes evaluate it. Pure. Inside check, and tests.
 * LC: libnvidia-container, src/cli/dsl.c (legacy, enroot). TK: nvidia-container-toolkit,
 * internal/requirements (csv mode), where only cuda and arch have values.
 */
#ifndef CHECK_REQUIRE_H
#define CHECK_REQUIRE_H

#include <stddef.h>

enum require_answer { REQUIRE_SATISFIED, REQUIRE_UNSATISFIED, REQUIRE_INVALID };

/* Facts of the host and one GPU; NULL is not known: true to LC, not met to TK. */
struct require_facts { const char *cuda, *driver, *arch, *brand; };

enum require_answer require_lc(const char *expression, const struct require_facts *f);
enum require_answer require_tk(const char *expression, const struct require_facts *f);

#endif
