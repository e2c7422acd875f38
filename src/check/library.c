#include <string.h>

#include "base/str.h"
#include "check/rule.h"

#define RULES(R) \
	R("mixed-cuda-majors", mixed_cuda_majors, ENVIRONMENT, ERROR, "one CUDA major serves the packages of an environment")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "library", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_library[] = { RULES(R) { { 0 }, NULL } };
#undef R

static void mixed_cuda_majors(const struct facts *f, struct subject s, struct out *out)
{
	(void)f, (void)s, (void)out;
}
