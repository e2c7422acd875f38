/* cmd/hosts.h: the hosts of a run: --host, --driver, --gpu, --arch, --runtime. Only cmd includes it. */
#ifndef CMD_HOSTS_H
#define CMD_HOSTS_H

#include "base/err.h"
#include "base/mem.h"
#include "report/report.h"

struct host;
struct matrix;
struct options;

struct hosts {
	struct arena arena;
	LIST(const struct host *) v;   /* as judged */
	LIST(struct report_host) shown; /* the same, as reported */
	LIST(struct report_error) errors; /* profiles that could not be read: exit 3 */
};

/* `files`: profiles, of --host or of a configuration. -1 with ERR_USAGE for a wrong option; what cannot be read goes to `errors`. */
int hosts_open(struct hosts *h, const struct options *o, const char *const *files, size_t files_n, const struct matrix *m, struct err *err);
void hosts_close(struct hosts *h);

#endif
