/* host/import.h: profiles out of texts that are no profile. Only host and its tests include it. */
#ifndef HOST_IMPORT_H
#define HOST_IMPORT_H

#include "host/host.h"
#include "parse/machine.h"

/* What a parser found, as a host of that name. */
int host_from_machine(const struct machine *m, const char *name, struct host *h, struct arena *a, struct err *err);

/* A text that is no JSON: what nvidia-smi, collect_env or /proc/driver/nvidia/version say, told by content. */
int host_import(struct span text, const char *name, struct host_list *list, struct arena *a, struct err *err);

/* `kubectl get nodes -o json`. */
int host_import_nodes(const json_t *o, struct host_list *list, struct arena *a, struct err *err);

/* "driver=535.104.05,gpu=H100x8": does it read so, and the host that it describes. */
bool host_is_inline(struct span text);
int host_read_inline(struct span text, const char *name, struct host_list *list, struct arena *a, struct err *err);

/* A new host at the end of the list. */
struct host *host_add(struct host_list *list, struct arena *a, struct err *err);

#endif
