/* Hosts: what each tool's text states, profiles both ways, this machine under a made-up root and a made-up NVML. Run from the top folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/import.h"
#include "host/local.h"
#include "parse/collectenv.h"

#define DATA "tests/data/host/"

/* os arch driver cuda module; name xCOUNT cc brand; ... Unknown is "-". */
static const char *summary(const struct host *h, struct arena *a)
{
	const char *module = h->module == MODULE_OPEN ? "open" : h->module == MODULE_PROPRIETARY ? "proprietary" : "-";
	char *s = arena_printf(a, "%s %s %s %s %s", host_os_name(h->os) ? host_os_name(h->os) : "-", h->arch ? h->arch : "-",
			       h->driver ? h->driver : "-", ver2_known(h->cuda) ? ver2_print(h->cuda).s : "-", module);
	for (size_t i = 0; i < h->gpus.n; i++) {
		const struct host_gpu *g = &h->gpus.v[i];
		s = arena_printf(a, "%s; %s x%u %s %s", s, g->name, g->count, ver2_known(g->cc) ? ver2_print(g->cc).s : "-", g->brand ? g->brand : "-");
	}
	if (h->no_gpu)
		s = arena_printf(a, "%s; no_gpu", s);
	return h->nodes > 1 ? arena_printf(a, "%s; nodes %u", s, h->nodes) : s;
}

static int read_copy(const void *p, size_t n, struct host_list *list, struct arena *a, struct err *err)
{
	unsigned char *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	if (n)
		memcpy(exact, p, n);
	int got = host_read((struct span){ exact, n }, "x", list, a, err);
	free(exact);
	return got;
}

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	char *p = malloc(1 << 16);
	assert_non_null(p);
	*n = fread(p, 1, 1 << 16, f);
	fclose(f);
	return p;
}

static const struct { const char *file, *want; } files[] = {
	{ "table-384.txt", "- - 384.111 - -; Tesla K80 x2 - -" },
	{ "table-470-mig.txt", "- - 470.82.01 11.4 -; NVIDIA A100-SXM... x2 - -" },
	{ "table-535.txt", "- - 535.104.05 12.2 -; NVIDIA H100 80GB HBM3 x2 - -; NVIDIA RTX A6000 x1 - -" },
	{ "table-610-windows.txt", "windows - 617.14 13.4 -; NVIDIA GeForce RTX 5080 x1 - -" },
	{ "table-wsl.txt", "wsl2 - 537.13 12.2 -; NVIDIA GeForce RTX 3090 x1 - -" },
	{ "table-jetson.txt", "- - 540.4.0 12.6 -; Orin (nvgpu) x1 - -" },
	{ "list.txt", "- - - - -; NVIDIA A100-SXM4-40GB x2 - -" },
	{ "query.txt", "- - 525.147.05 12.0 -; Tesla T4 x1 - NVIDIA; NVIDIA L4 x1 - NVIDIA" },
	{ "query.xml", "- - 535.129.03 12.2 -; NVIDIA H100 80GB HBM3 x2 - NVIDIA; NVIDIA GeForce RTX 3090 x1 - GeForce" },
	{ "query.csv", "- - 550.54.15 - -; NVIDIA L40S x2 8.9 -" },
	{ "noheader.csv", "- - 550.54.15 - -; NVIDIA L4 x2 8.9 -" },
	{ "proc-open.txt", "linux arm64 570.86.15 - open" },
	{ "proc-proprietary.txt", "linux amd64 535.104.05 - proprietary" },
	{ "collect-env.txt", "linux amd64 550.54.15 - -; NVIDIA A100-SXM4-40GB x2 - -" },
	{ "collect-env-vllm-wsl.txt", "wsl2 amd64 581.57 - -; NVIDIA GeForce RTX 5090 x1 - -" },
	{ "check-env-sglang.txt", "- - 580.82.07 - -; NVIDIA GB200 x4 10.0 -; NVIDIA RTX A6000 x1 8.6 -" },
	{ "collect-env-quoted.txt", "linux amd64 535.183.01 - -; NVIDIA L4 x1 - -" },
	{ "collect-env-no-cuda.txt", "linux amd64 535.183.01 - -" },
	{ "collect-env-rocm.txt", "linux amd64 - - -; AMD Instinct MI300X (gfx942:sramecc+:xnack-) x1 - -" },
	{ "table-wsl-no-cuda.txt", "wsl2 - 546.80 - -; NVIDIA GeForce RTX 3060 ... x1 - -" },
	{ "table-517-windows.txt", "windows - 517.48 11.7 -; NVIDIA GeForce ... x2 - -" },
	{ "table-367.txt", "- - 367.57 - -; GeForce GTX 690 x2 - -" },
	{ "table-470-err.txt", "- - 470.57.02 11.4 -; NVIDIA GeForce ... x1 - -" },
	{ "table-331.txt", "- - 331.20 - -; Tesla K20c x1 - -" },
	{ "table-580-arm.txt", "- - 580.65.06 13.0 -; NVIDIA GB10 x1 - -; NVIDIA Thor x1 - -" },
	{ "table-compose.txt", "- - 525.85.12 12.0 -; Tesla T4 x1 - -" },
	{ "table-runner.txt", "- - 535.161.07 12.2 -; NVIDIA A10G x1 - -" },
	{ "table-mail.txt", "- - 460.32.03 11.2 -; Tesla V100-PCIE... x2 - -" },
	{ "table-page.txt", "windows - 551.61 12.4 -; NVIDIA GeForce RTX 4060 x1 - -" },
	{ "table-470-vgpu.txt", "- - 470.182.03 - -; GRID T4-16Q x1 - -; GRID P40-24Q x1 - -; NVIDIA A100-PCI... x1 - -" },
	{ "table-coloured.txt", "- - 515.43.04 11.7 -; NVIDIA RTX A4000 x1 - -" },
	{ "table-610.txt", "- - 610.43.02 13.3 -; NVIDIA GeForce RTX 3080 x1 - -" },
	{ "version.txt", "- - 560.35.03 12.6 -" },
	{ "list-mig.txt", "- - - - -; NVIDIA A100-SXM4-40GB x2 - -" },
	{ "proc-l4t-35.txt", "linux arm64 35.3.1 - open" },
	{ "nv-tegra-release.txt", "linux arm64 36.4.3 - -" },
	{ "proc-390.txt", "linux amd64 390.157 - proprietary" },
	{ "modinfo.txt", "linux - 535.183.01 - open" },
	{ "query-index.csv", "- - 535.129.03 - -; NVIDIA H100 80GB HBM3 x2 9.0 -" },
	{ "noheader-errors.csv", "- - 418.67 - -; Tesla V100-SXM2-16GB x1 - -" },
	{ "query-twice.txt", "windows - 510.06 11.6 -; NVIDIA GeForce GTX 1650 Ti with Max-Q Design x1 - GeForce" },
	{ "query-in-shell.xml", "windows - 560.94 12.6 -; NVIDIA GeForce RTX 4090 x1 - GeForce" },
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct arena a = ARENA_INIT;
		struct host_list list = { 0 };
		struct err err = ERR_INIT;
		if (host_read_path(arena_printf(&a, DATA "%s", files[i].file), &list, &a, &err) < 0)
			fail_msg("%s: %s", files[i].file, err.text);
		assert_int_equal(list.v.n, 1);
		const char *got = summary(&list.v.v[0], &a);
		if (strcmp(got, files[i].want))
			fail_msg("%s: %s, not %s", files[i].file, got, files[i].want);
		assert_true(strchr(list.v.v[0].name, '.') == NULL);
		arena_clear(&a);
	}
}

/* Every prefix gives a host or one line of complaint; what it states, the whole text states too. */
static void test_cut_off(void **state)
{
	(void)state;
	static const char *const more[] = { "nodes.json", "bomb.xml", "nodes-clouds.json" };
	size_t known = sizeof(files) / sizeof(*files);
	for (size_t i = 0; i < known + 3; i++) {
		char path[128];
		size_t n;
		snprintf(path, sizeof(path), DATA "%s", i < known ? files[i].file : more[i - known]);
		char *text = slurp(path, &n);
		for (size_t cut = 0; cut <= n; cut++) {
			struct arena a = ARENA_INIT;
			struct host_list list = { 0 };
			struct err err = ERR_INIT;
			if (read_copy(text, cut, &list, &a, &err) < 0) {
				assert_true(err.kind == ERR_FORMAT);
				assert_null(strchr(err.text, '\n'));
			} else {
				assert_true(list.v.n >= 1);
			}
			arena_clear(&a);
		}
		free(text);
	}
}

static const struct { const char *text, *want; } inlines[] = {
	{ "driver=535.104.05,gpu=H100x8", "- - 535.104.05 - -; H100 x8 - -" },
	{ " gpu = RTX 4090 , gpu=RTX 3090x2, driver=535-550,os=wsl2,arch=aarch64", "wsl2 arm64 535-550 - -; RTX 4090 x1 - -; RTX 3090 x2 - -" },
	{ "cuda=12.4\n", "- - - 12.4 -" },
	{ "driver=31.0.15.5222,gpu=RTX 4090", "windows - 552.22 - -; RTX 4090 x1 - -" },
	{ "os=wsl2,driver=32.0.15.6094", "wsl2 - 560.94 - -" },
	{ "driver=27.21.14.5671", "windows - 456.71 - -" },
	{ "driver=35.4.1", "- - 35.4.1 - -" },
	{ "[{\"driver\": \"535\"}]", "- - 535 - -" },
	{ "{\"hosts\": [{\"gpus\": [\"L4\", {\"cc\": \"9.0\", \"count\": 2}]}]}", "- - - - -; L4 x1 - -; sm_90 x2 9.0 -" },
	{ "\xef\xbb\xbf{\"no_gpu\": true, \"nodes\": 4, \"unheard-of\": 1}", "- - - - -; no_gpu; nodes 4" },
	{ "NVIDIA H100 PCIe\nNVIDIA H100 PCIe\n", "- - - - -; NVIDIA H100 PCIe x2 - -" },
	{ "535.104.05\n", "- - 535.104.05 - -" },
	{ "9.0, GRID A100X-40C, 535.104.05\n", "- - 535.104.05 - -; GRID A100X-40C x1 9.0 -" },
	/* one paste of several tools: the whole name wins over the cut one, the module joins */
	{ "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1)\n| NVIDIA-SMI 470.82.01    Driver Version: 470.82.01    CUDA Version: 11.4     |\n|====|\n"
	  "|   0  NVIDIA A100-SXM...  On   | 00000000:07:00.0 Off |\nNVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  x\n",
	  "linux amd64 470.82.01 11.4 proprietary; NVIDIA A100-SXM4-80GB x1 - -" },
	{ "| NVIDIA-SMI 535.54.03    Driver Version: 535.54.03    CUDA Version: N/A      |\n", "- - 535.54.03 - -" },
	{ "<?xml version=\"1.0\"?>\n<nvidia_smi_log><driver_version>610.43.02</driver_version><cuda_umd_version>13.3</cuda_umd_version>"
	  "<gpu><product_name> </product_name><compute_cap>12.0</compute_cap><x><product_name>no</product_name></x></gpu></nvidia_smi_log>",
	  "- - 610.43.02 13.3 -" },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(inlines) / sizeof(*inlines); i++) {
		struct arena a = ARENA_INIT;
		struct host_list list = { 0 };
		struct err err = ERR_INIT;
		if (read_copy(inlines[i].text, strlen(inlines[i].text), &list, &a, &err) < 0)
			fail_msg("%s: %s", inlines[i].text, err.text);
		assert_string_equal(summary(&list.v.v[0], &a), inlines[i].want);
		arena_clear(&a);
	}
}

static const struct { const char *text, *says; } refused[] = {
	{ "", "empty" },
	{ " \n\t", "empty" },
	{ "once upon a time", "accepted forms" },
	{ "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "no driver that runs" },
	{ "Failed to initialize NVML: Driver/library version mismatch", "not rebooted" },
	{ "Failed to initialize NVML: Unknown Error", "could not reach the driver" },
	{ "No devices were found", "no_gpu" },
	{ "name, driver_version\n", "neither driver" },
	{ "driver=535b", "no driver version" },
	{ "driver=535,speed=9", "NAME=VALUE" },
	{ "driver=", "NAME=VALUE" },
	{ "gpu=H100,os=beos", "linux, wsl2 or windows" },
	{ "{\"driver\": 535}", "\"driver\" must be a string" },
	{ "{\"gpus\": {}}", "\"gpus\" must be a list" },
	{ "{\"gpus\": [{\"count\": 2}]}", "\"name\" is missing" },
	{ "{\"nodes\": 0}", "\"nodes\"" },
	{ "{\"no_gpu\": true, \"gpus\": [\"H100\"]}", "\"no_gpu\"" },
	{ "{\"kind\": \"List\", \"items\": []}", "none of its 0 nodes" },
	{ "{\"kind\": \"NodeList\", \"items\": [{\"kind\": \"Pod\"}]}", "no Node" },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module", "no driver version" },
	{ "<nvidia_smi_log><driver_version>535", "cut off" },
	{ "<nvidia_smi_log></gpu>", "broken" },
	{ "<nvidia_smi_logs><gpu></gpu></nvidia_smi_logs>", "not of nvidia-smi" },
	{ "driver=12.4,gpu=H100", "no driver version" }, /* that is a CUDA version */
	{ "driver=31.0.15.52222", "no driver version" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct arena a = ARENA_INIT;
		struct host_list list = { 0 };
		struct err err = ERR_INIT;
		assert_int_equal(read_copy(refused[i].text, strlen(refused[i].text), &list, &a, &err), -1);
		if (!strstr(err.text, refused[i].says))
			fail_msg("%s: %s", refused[i].text, err.text);
		arena_clear(&a);
	}
}

/* Of a list the hosts that can be read stay, and half of one never does. */
static void test_whole_hosts_alone(void **state)
{
	(void)state;
	static const struct { const char *text; size_t hosts; const char *says; } rows[] = {
		{ "[{\"driver\": \"535\"}, {\"name\": \"bad\", \"driver\": 535}, {\"driver\": \"550\"}]", 2, "host 2: " },
		{ "[1, {\"driver\": \"535\"}, 2]", 1, "1 more" },
		{ "{\"name\": \"bad\", \"driver\": 535}", 0, "string" },
		{ "gpu=H100,driver=5x", 0, "driver version" },
		{ "{\"kind\": \"List\", \"items\": [{\"kind\": \"Node\", \"metadata\": {\"labels\": {\"nvidia.com/gpu.product\": \"T4\"}}}, {\"kind\": \"Pod\"}]}", 0, "no Node" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		struct host_list list = { 0 };
		struct err err = ERR_INIT;
		assert_int_equal(read_copy(rows[i].text, strlen(rows[i].text), &list, &a, &err), -1);
		if (list.v.n != rows[i].hosts || !strstr(err.text, rows[i].says))
			fail_msg("%s: %zu hosts, %s", rows[i].text, list.v.n, err.text);
		arena_clear(&a);
	}
}

static void test_hostile_xml(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct host_list list = { 0 };
	struct err err = ERR_INIT;
	assert_int_equal(host_read_path(DATA "bomb.xml", &list, &a, &err), -1);
	assert_non_null(strstr(err.text, "entities"));
	char deep[4000] = "<nvidia_smi_log>";
	while (strlen(deep) + 4 < sizeof(deep))
		strcat(deep, "<a>");
	err = (struct err)ERR_INIT;
	assert_int_equal(read_copy(deep, strlen(deep), &list, &a, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_clear(&a);
}

/* PowerShell's > */
static void test_utf16(void **state)
{
	(void)state;
	static const char text[] = "GPU 0: NVIDIA L4 (UUID: GPU-1)\r\n";
	unsigned char wide[2 * sizeof(text)] = { 0xff, 0xfe };
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		wide[2 + 2 * i] = (unsigned char)text[i];
	struct arena a = ARENA_INIT;
	struct host_list list = { 0 };
	struct err err = ERR_INIT;
	assert_int_equal(read_copy(wide, sizeof(wide), &list, &a, &err), 0);
	assert_string_equal(summary(&list.v.v[0], &a), "- - - - -; NVIDIA L4 x1 - -");
	arena_clear(&a);
}

static void test_nodes(void **state)
{
	(void)state;
	static const struct { const char *name, *want; } want[] = {
		{ "gpu-1", "linux amd64 550.54.15 12.4 -; NVIDIA-H100-80GB-HBM3 x8 9.0 -; nodes 2" },
		{ "old-1", "linux amd64 470.82.01 11.4 -; Tesla-T4-SHARED x1 - -" },
		{ "none-1", "linux arm64 - - -; no_gpu" },
	};
	struct arena a = ARENA_INIT;
	struct host_list list = { 0 };
	struct err err = ERR_INIT;
	assert_int_equal(host_read_path(DATA "nodes.json", &list, &a, &err), 0);
	assert_int_equal(list.v.n, 3);
	assert_int_equal(list.silent_nodes, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(list.v.v[i].name, want[i].name);
		assert_string_equal(summary(&list.v.v[i], &a), want[i].want);
	}
	arena_clear(&a);
}

/* Nodes that say it in other labels than NVIDIA's, or only how many. */
static void test_cloud_nodes(void **state)
{
	(void)state;
	static const char *const want[] = {
		"gke-1: linux amd64 - - -; nvidia-tesla-t4 x1 - -", "gke-2: linux amd64 - - -; nvidia-h100-mega-80gb x8 - -",
		"eks-1: linux amd64 - - -; a10g x4 - -", "amd-1: linux amd64 - - -; AMD Instinct MI300X OAM x8 - -",
		"amd-2: linux amd64 - - -; AMD GPU x4 - -", "intel-1: linux amd64 - - -; Intel Max 1550 x2 - -", "bare-1: linux amd64 - - -",
		"mig: linux amd64 535.129.03 - -; NVIDIA-A100-SXM4-40GB-MIG-1g.5gb x7 - -", "win: windows amd64 - - -; Tesla-T4 x1 - -",
	};
	struct arena a = ARENA_INIT;
	struct host_list list = { 0 };
	struct err err = ERR_INIT;
	assert_int_equal(host_read_path(DATA "nodes-clouds.json", &list, &a, &err), 0);
	assert_int_equal(list.v.n, sizeof(want) / sizeof(*want));
	assert_int_equal(list.silent_nodes, 1);
	for (size_t i = 0; i < list.v.n; i++)
		assert_string_equal(arena_printf(&a, "%s: %s", list.v.v[i].name, summary(&list.v.v[i], &a)), want[i]);
	arena_clear(&a);
}

static void test_collectenv_target(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct collectenv_facts f;
	size_t n;
	char *text = slurp(DATA "collect-env.txt", &n);
	assert_int_equal(collectenv_parse((struct span){ (unsigned char *)text, n }, &a, &f, &err), 0);
	free(text);
	assert_string_equal(f.torch, "2.5.1+cu124");
	assert_string_equal(f.cuda_built, "12.4");
	assert_null(f.rocm_built);
	assert_string_equal(f.python, "3.11.9");
	assert_string_equal(f.libc, "glibc-2.35");
	assert_string_equal(f.cuda_runtime, "12.1.105");
	assert_int_equal(f.cuda_available, 1);
	assert_int_equal(f.packages.n, 3);
	assert_string_equal(f.packages.v[1].name, "torch");
	assert_string_equal(f.packages.v[1].version, "2.5.1+cu124");
	assert_string_equal(f.packages.v[2].installer, "conda");
	assert_string_equal(f.packages.v[2].build, "py3.11_cuda12.4_cudnn9.1.0_0");

	text = slurp(DATA "check-env-sglang.txt", &n);
	assert_int_equal(collectenv_parse((struct span){ (unsigned char *)text, n }, &a, &f, &err), 0);
	free(text);
	assert_string_equal(f.torch, "2.9.1+cu130");
	assert_int_equal(f.packages.n, 2);
	assert_string_equal(f.packages.v[1].name, "triton");
	arena_clear(&a);
}

static const char *written(const struct host *h, struct buf *b)
{
	struct json_out j = { .buf = b };
	buf_reset(b);
	host_write(h, &j);
	return buf_text(b);
}

static void test_round_trip(void **state)
{
	(void)state;
	static const char text[] =
		"{\"schema\": \"envcheck.host/1\", \"name\": \"n\", \"os\": \"wsl2\", \"arch\": \"x86_64\", \"driver\": \"535.104.05-535.183.01\", \"cuda\": \"12.2\","
		" \"gpus\": [{\"name\": \"NVIDIA H100\", \"cc\": \"9.0\", \"brand\": \"NVIDIA\", \"count\": 8}, {\"name\": \"L4\"}], \"runtime\": \"cdi\","
		" \"runtime_version\": \"1.17.4\", \"driver_dir\": \"/usr/lib64\", \"kernel_module\": \"open\", \"nodes\": 3}";
	struct arena a = ARENA_INIT;
	struct host_list list = { 0 };
	struct err err = ERR_INIT;
	struct buf once = BUF_INIT(1 << 16), twice = BUF_INIT(1 << 16);
	assert_int_equal(read_copy(text, sizeof(text) - 1, &list, &a, &err), 0);
	assert_int_equal(list.v.v[0].driver_is, DRIVER_RANGE);
	assert_string_equal(list.v.v[0].driver_hi, "535.183.01");
	const char *first = written(&list.v.v[0], &once);
	assert_int_equal(read_copy(first, strlen(first), &list, &a, &err), 0);
	assert_string_equal(first, written(&list.v.v[1], &twice));
	buf_clear(&once);
	buf_clear(&twice);
	arena_clear(&a);
}

static void test_folder(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct host_list list = { 0 };
	struct err err = ERR_INIT;
	char dir[] = "/tmp/envcheck-hosts-XXXXXX";
	assert_non_null(mkdtemp(dir));
	assert_int_equal(host_read_path(dir, &list, &a, &err), -1);
	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(arena_printf(&a, "%s/%c.json", dir, "ba"[i]), "w");
		assert_non_null(f);
		fprintf(f, "{\"driver\": \"%d\"}", 550 + i);
		fclose(f);
	}
	assert_int_equal(host_read_path(dir, &list, &a, &err), 0);
	assert_int_equal(list.v.n, 2);
	assert_string_equal(list.v.v[0].name, "a");
	assert_string_equal(list.v.v[1].driver, "550");
	for (int i = 0; i < 2; i++)
		unlink(arena_printf(&a, "%s/%c.json", dir, "ba"[i]));
	rmdir(dir);
	arena_clear(&a);
}

/* ---- this machine ---- */

static void put(struct arena *a, const char *root, const char *path, const char *text)
{
	char *at = arena_printf(a, "%s/%s", root, path);
	for (char *p = at + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(at, 0700);
		*p = '/';
	}
	FILE *f = fopen(at, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *local_summary(const char *root, struct host_notes *notes, struct arena *a)
{
	struct machine m = MACHINE_INIT;
	struct host h;
	struct err err = ERR_INIT;
	assert_int_equal(local_from_files(root, &m, notes, a, &err), 0);
	assert_int_equal(host_from_machine(&m, "here", &h, a, &err), 0);
	assert_int_equal(local_runtime(root, &h, a, &err), 0);
	return arena_printf(a, "%s; %s", summary(&h, a), host_runtime_name(h.runtime) ? host_runtime_name(h.runtime) : "-");
}

static void test_local_files(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct host_notes notes = { 0 };
	char dir[] = "/tmp/envcheck-root-XXXXXX";
	assert_non_null(mkdtemp(dir));
	assert_string_equal(local_summary(dir, &notes, &a), "linux - - - -; -");
	assert_int_equal(notes.v.n, 1);
	put(&a, dir, "sys/module/nvidia/version", "550.54.15\n");
	assert_string_equal(local_summary(dir, &notes, &a), "linux - 550.54.15 - -; -");
	put(&a, dir, "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build\n");
	put(&a, dir, "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA L4\nIRQ: 12\n");
	put(&a, dir, "proc/driver/nvidia/gpus/0000:02:00.0/information", "Model: \t\t NVIDIA L4\n");
	put(&a, dir, "proc/version", "Linux version 5.15.153.1-microsoft-standard-WSL2 (x)\n");
	put(&a, dir, "etc/nvidia-container-runtime/config.toml", "mode = \"csv\"\n[nvidia-container-runtime]\nlog-level = \"info\"\nmode = \"cdi\"\n[x]\nmode = \"legacy\"\n");
	assert_string_equal(local_summary(dir, &notes, &a), "wsl2 amd64 550.54.14 - open; NVIDIA L4 x2 - -; cdi");
	assert_int_equal(system(arena_printf(&a, "rm -rf %s", dir)), 0);
	arena_clear(&a);
}

static void test_local_jetson(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct host_notes notes = { 0 };
	char dir[] = "/tmp/envcheck-root-XXXXXX";
	assert_non_null(mkdtemp(dir));
	put(&a, dir, "etc/nv_tegra_release", "# R36 (release), REVISION: 4.3\n");
	put(&a, dir, "proc/device-tree/model", "NVIDIA Jetson AGX Orin Developer Kit");
	assert_string_equal(local_summary(dir, &notes, &a), "linux arm64 36.4.3 - -; NVIDIA Jetson AGX Orin Developer Kit x1 - -; -");
	assert_non_null(strstr(notes.v.v[0], "Jetson"));
	assert_int_equal(system(arena_printf(&a, "rm -rf %s", dir)), 0);
	arena_clear(&a);
}

static int ok(void) { return 0; }
static int fails(void) { return 9; }
static int driver(char *text, unsigned n) { snprintf(text, n, "580.82.07"); return 0; }
static int cuda(int *v) { *v = 13000; return 0; }
static int count(unsigned *n) { *n = 3; return 0; }
static int none(unsigned *n) { *n = 0; return 0; }
static int device(unsigned i, struct nvml_device **d) { (void)d; return i == 1 ? 15 : 0; } /* the second one is lost */
static int name(struct nvml_device *d, char *text, unsigned n) { (void)d; snprintf(text, n, "NVIDIA B200"); return 0; }
static int brand(struct nvml_device *d, unsigned *b) { (void)d; *b = 14; return 0; }
static int cc(struct nvml_device *d, int *major, int *minor) { (void)d; *major = 10; *minor = 0; return 0; }

static const char *nvml_summary(const struct nvml *nvml, struct host_notes *notes, struct arena *a)
{
	struct machine m = MACHINE_INIT;
	struct host h;
	struct err err = ERR_INIT;
	assert_int_equal(local_from_nvml(nvml, &m, notes, a, &err), 0);
	assert_int_equal(host_from_machine(&m, "here", &h, a, &err), 0);
	return summary(&h, a);
}

static void test_local_nvml(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct host_notes notes = { 0 };
	struct nvml nvml = { ok, ok, driver, cuda, count, device, name, brand, cc };
	assert_string_equal(nvml_summary(&nvml, &notes, &a), "- - 580.82.07 13.0 -; NVIDIA B200 x2 10.0 NVIDIA");
	nvml.device_brand = NULL;
	nvml.device_cc = NULL;
	nvml.cuda_version = NULL;
	assert_string_equal(nvml_summary(&nvml, &notes, &a), "- - 580.82.07 - -; NVIDIA B200 x2 - -");
	nvml.device_count = none;
	assert_string_equal(nvml_summary(&nvml, &notes, &a), "- - 580.82.07 - -; no_gpu");
	assert_int_equal(notes.v.n, 0);
	nvml.init = fails;
	assert_string_equal(nvml_summary(&nvml, &notes, &a), "- - - - -");
	assert_int_equal(notes.v.n, 1);
	nvml.init = NULL;
	assert_string_equal(nvml_summary(&nvml, &notes, &a), "- - - - -");
	arena_clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files), cmocka_unit_test(test_cut_off), cmocka_unit_test(test_texts), cmocka_unit_test(test_refused), cmocka_unit_test(test_whole_hosts_alone),
		cmocka_unit_test(test_hostile_xml), cmocka_unit_test(test_utf16), cmocka_unit_test(test_nodes), cmocka_unit_test(test_cloud_nodes), cmocka_unit_test(test_collectenv_target),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_folder), cmocka_unit_test(test_local_files), cmocka_unit_test(test_local_jetson),
		cmocka_unit_test(test_local_nvml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
