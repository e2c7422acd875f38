/*
 * parse/nvsmi.h: the four texts that nvidia-smi prints for eyes and scripts.
 * host and tests include it. Each reader adds to a machine what it states and
 * leaves alone what is set; a text cut off anywhere gives what stood before.
 */
#ifndef PARSE_NVSMI_H
#define PARSE_NVSMI_H

#include "parse/machine.h"

/* Does the text hold such a thing anywhere? A log may hold several. */
bool nvsmi_is_table(struct span text);
bool nvsmi_is_list(struct span text);
bool nvsmi_is_query(struct span text);
bool nvsmi_is_csv(struct span text);

/*
 * The table of plain `nvidia-smi`, of every age: without CUDA before 410, "KMD
 * Version" and "CUDA UMD Version" since 610. A name that did not fit ends in "...", as printed.
 */
int nvsmi_table(struct span text, struct arena *a, struct machine *m, struct err *err);

/* `nvidia-smi -L`: names only. */
int nvsmi_list(struct span text, struct arena *a, struct machine *m, struct err *err);

/* `nvidia-smi -q`. */
int nvsmi_query(struct span text, struct arena *a, struct machine *m, struct err *err);

/* `nvidia-smi --query-gpu=... --format=csv`; without header the fields are told by what they hold. */
int nvsmi_csv(struct span text, struct arena *a, struct machine *m, struct err *err);

#endif
