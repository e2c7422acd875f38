/*
 * check/require.h: NVIDIA_REQUIRE_* as the runtimes evaluate it. Pure. Inside check, and tests.
 * LC: libnvidia-container, src/cli/dsl.c (legacy, enroot). TK: nvidia-container-toolkit,
 * internal/requirements (csv mode), where only cuda and arch have values.
 */
#ifndef CHECK_REQUIRE_H
#define CHECK_REQUIRE_H

#include <stdbool.h>

enum require_answer { REQUIRE_SATISFIED, REQUIRE_UNSATISFIED, REQUIRE_INVALID };

/* What a factor says whose fact is NULL. REQUIRE_ITS_OWN: what the runtime does (LC: true, TK: not met). */
enum require_missing { REQUIRE_ITS_OWN, REQUIRE_TRUE, REQUIRE_FALSE };

/*
 * Facts of the host and one GPU. An expression whose answer is the same with REQUIRE_TRUE and with
 * REQUIRE_FALSE does not depend on the facts that are NULL: its factors are joined by and, or alone.
 */
struct require_facts { const char *cuda, *driver, *arch, *brand; enum require_missing missing; };

enum require_answer require_lc(const char *expression, const struct require_facts *f);
enum require_answer require_tk(const char *expression, const struct require_facts *f);

/* CUDA_VERSION of an old image as TK reads it; false: it does not, and the container does not start. */
bool require_cuda_version(const char *version, unsigned *major, unsigned *minor);

#endif
