#include "cmd/hosts.h"
#include "cmd/cmd.h"
#include "cmd/options.h"

int hosts_open(struct hosts *h, const struct options *o, const char *const *files, size_t files_n, const struct matrix *m, struct err *err)
{
	(void)files, (void)m;
	*h = (struct hosts){ 0 };
	if (files_n || o->driver || o->gpus.n)
		return err_set(err, ERR_UNSUPPORTED, "hosts are not read yet");
	return 0;
}
void hosts_close(struct hosts *h) { arena_clear(&h->arena); }
int host_command(const struct options *o, struct err *err) { (void)o; return err_set(err, ERR_UNSUPPORTED, "not yet"); }
int recommend_command(const struct options *o, struct err *err) { (void)o; return err_set(err, ERR_UNSUPPORTED, "not yet"); }
