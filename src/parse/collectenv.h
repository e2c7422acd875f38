/*
 * parse/collectenv.h: what `python -m torch.utils.collect_env`, vLLM's
 * collect_env.py and `python -m sglang.check_env` print. It states a host
 * (driver, GPUs) and a target (torch, packages) at once. host and tests include it.
 */
#ifndef PARSE_COLLECTENV_H
#define PARSE_COLLECTENV_H

#include "parse/machine.h"

struct collectenv_package {
	const char *name, *version;
	const char *installer; /* "pip", "conda"; NULL where the list does not say */
	const char *build;     /* conda's: "py3.7_cuda10.1.243_cudnn7.6.3_0"; NULL */
};

/* NULL: not stated. */
struct collectenv_facts {
	struct machine machine;
	const char *torch;        /* "2.5.1+cu124" */
	const char *cuda_built;   /* "CUDA used to build PyTorch": "12.4", "10.1.243" */
	const char *rocm_built;
	const char *cuda_runtime; /* the toolkit that nvcc names; says nothing of the driver */
	const char *python;       /* "3.11.9", or "3.8" of old ones */
	const char *libc;         /* "glibc-2.35" */
	int cuda_available;       /* 1, 0; -1: not stated */
	LIST(struct collectenv_package) packages; /* in the order given */
};

bool collectenv_is(struct span text);

/* -1: memory, or a limit. A text cut off anywhere gives what stood before. */
int collectenv_parse(struct span text, struct arena *a, struct collectenv_facts *out, struct err *err);

#endif
