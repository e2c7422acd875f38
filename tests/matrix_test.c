/* Every look-up of the tables: boundaries, names as people and nvidia-smi write them, and what nobody knows. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "matrix/matrix.h"

#define LENGTH(a) (sizeof(a) / sizeof(*(a)))

static const struct matrix *m;

static int setup(void **state)
{
	(void)state;
	m = matrix_builtin();
	return 0;
}

/* "12.4", "" for none: what the wanted columns are written in. */
static void same(const char *of, struct ver2 got, const char *want)
{
	if (strcmp(ver2_print(got).s, want))
		fail_msg("%s: %s, not %s", of, ver2_print(got).s, want);
}

static void same_text(const char *of, const char *got, const char *want)
{
	if (!str_eq(got ? got : "", want))
		fail_msg("%s: \"%s\", not \"%s\"", of, got ? got : "nothing", want);
}

/* ---- drivers ---- */

static void floors(void **state)
{
	(void)state;
	static const struct { const char *cuda, *driver, *windows; bool minor; } rows[] = {
		{ "8.0", "375.26", "376.51", false },         { "9.0", "384.81", "385.54", false },
		{ "9.2", "396.26", "397.44", false },         { "10.2", "440.33", "441.22", false },
		{ "11.0", "450.36.06", "451.22", false },     { "11.1", "450.80.02", "452.39", true },
		{ "11.8", "450.80.02", "452.39", true },      { "11.99", "450.80.02", "452.39", true },
		{ "12.0", "525.60.13", "528.33", true },      { "12.7", "525.60.13", "528.33", true },
		{ "13.0", "580.65.06", "580.88", true },      { "13.9", "580.65.06", "580.88", true },
		{ "11", "450.36.06", "451.22", false }, /* the major alone: what all of it needs */
		{ "12", "525.60.13", "528.33", true },        { "7.5", "", "", false },
		{ "10.3", "", "", false },                    { "14.0", "", "", false },
		{ "", "", "", false },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row_minor_version *r = matrix_floor(m, rows[i].cuda[0] ? ver2_parse(rows[i].cuda) : VER2_NONE);
		same_text(rows[i].cuda, r ? r->driver : NULL, rows[i].driver);
		same_text(rows[i].cuda, r ? r->windows_driver : NULL, rows[i].windows);
		assert_int_equal(r && r->minor_compatible, rows[i].minor);
	}
}

static void drivers(void **state)
{
	(void)state;
	static const struct { const char *driver, *branch; enum driver_system system; const char *cuda; } rows[] = {
		{ "384.81", "R384", DRIVER_LINUX, "9.0" },       { "410.48", "R410", DRIVER_LINUX, "10.0" },
		{ "410.129", "R410", DRIVER_LINUX, "10.0" },     { "418.226.00", "R418", DRIVER_LINUX, "10.1" },
		{ "470", "R470", DRIVER_LINUX, "11.4" },         { "470.256.02", "R470", DRIVER_LINUX, "11.4" },
		{ "535.104.05", "R535", DRIVER_LINUX, "12.2" },  { "565.57.01", "R565", DRIVER_LINUX, "12.7" },
		{ "615.71.09", "R615", DRIVER_LINUX, "13.4" },   { "620.70.06", "R620", DRIVER_LINUX, "13.5" },   { "540.4.0", "", DRIVER_LINUX, "12.6" }, /* no Linux branch has that number */
		{ "540.4.0", "", DRIVER_JETSON, "12.6" },        { "540.3.0", "", DRIVER_JETSON, "12.2" },
		{ "35.3.1", "", DRIVER_JETSON, "11.4" },         { "36.4.3", "", DRIVER_JETSON, "12.6" },
		{ "36.3", "", DRIVER_JETSON, "12.2" },           { "32.7.1", "", DRIVER_JETSON, "10.2" },
		{ "32.3.1", "", DRIVER_JETSON, "10.0" },         { "33.1", "", DRIVER_JETSON, "" },        { "580.00", "R580", DRIVER_JETSON, "13.0" },
		{ "595.73", "R595", DRIVER_JETSON, "13.2" },     { "531.68", "", DRIVER_WINDOWS, "12.1" },
		{ "528.33", "", DRIVER_WINDOWS, "12.0" },        { "552.22", "", DRIVER_WINDOWS, "12.4" },
		{ "553.99", "", DRIVER_WINDOWS, "12.4" },        { "554.1", "", DRIVER_WINDOWS, "" },
		{ "388.13", "", DRIVER_WINDOWS, "" },            { "999.1", "", DRIVER_LINUX, "" },
		{ "53", "", DRIVER_LINUX, "" },                  { "5350.1", "", DRIVER_LINUX, "" },
		{ "99999999999999999999.1", "", DRIVER_LINUX, "" }, { "x", "", DRIVER_LINUX, "" },
		{ "", "", DRIVER_LINUX, "" },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *source;
		const struct row_driver_branches *b = matrix_branch(m, rows[i].driver);
		same_text(rows[i].driver, b ? b->id : NULL, rows[i].branch);
		same(rows[i].driver, matrix_driver_cuda(m, rows[i].driver, rows[i].system, &source), rows[i].cuda);
		assert_int_equal(source != NULL, rows[i].cuda[0] != '\0');
	}
	assert_null(matrix_branch(m, NULL));
	same("no driver", matrix_driver_cuda(m, NULL, DRIVER_LINUX, NULL), "");
	assert_true(version_cmp("410.129", "410.48") > 0);
}

static void branches(void **state)
{
	(void)state;
	static const struct { const char *cuda; int branch; } rows[] = {
		{ "9.0", 384 }, { "9.1", 387 }, { "10.1", 418 }, { "11.0", 450 }, { "12.0", 525 }, { "12.6", 560 }, { "13.4", 615 }, { "13.5", 620 }, { "13.6", 0 },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row_driver_branches *b = matrix_branch_for_cuda(m, ver2_parse(rows[i].cuda));
		assert_int_equal(b ? b->branch : 0, rows[i].branch);
	}
	assert_int_equal(matrix_newest_branch(m)->branch, 620);
	assert_true(strlen(matrix_date(m)) == strlen("2026-11-20"));
}

/* ---- GPUs ---- */

static void gpu_names(void **state)
{
	(void)state;
	static const struct { const char *name; enum gpu_vendor vendor; const char *cc; } rows[] = {
		/* as nvidia-smi prints them, of old and of new drivers */
		{ "NVIDIA A100-SXM4-80GB", GPU_NVIDIA, "8.0" },     { "A100-SXM4-40GB", GPU_NVIDIA, "8.0" },
		{ "Tesla V100-SXM2-32GB", GPU_NVIDIA, "7.0" },      { "NVIDIA H100 80GB HBM3", GPU_NVIDIA, "9.0" },
		{ "NVIDIA H200", GPU_NVIDIA, "9.0" },               { "NVIDIA GH200 480GB", GPU_NVIDIA, "9.0" },
		{ "NVIDIA B200", GPU_NVIDIA, "10.0" },              { "NVIDIA GB300", GPU_NVIDIA, "10.3" },
		{ "NVIDIA GB10", GPU_NVIDIA, "12.1" },              { "GeForce GTX 1080 Ti", GPU_NVIDIA, "6.1" },
		{ "NVIDIA GeForce RTX 3090", GPU_NVIDIA, "8.6" },   { "NVIDIA GeForce RTX 5090 Laptop GPU", GPU_NVIDIA, "12.0" },
		{ "Tesla K80", GPU_NVIDIA, "3.7" },                 { "Quadro RTX 6000", GPU_NVIDIA, "7.5" },
		{ "NVIDIA RTX 6000 Ada Generation", GPU_NVIDIA, "8.9" }, { "Orin (nvgpu)", GPU_NVIDIA, "8.7" },
		{ "NVIDIA GeForce RTX 3050 A Laptop GPU", GPU_NVIDIA, "8.9" }, { "NVIDIA A10G", GPU_NVIDIA, "8.6" },
		/* as people and tools write them */
		{ "H100", GPU_NVIDIA, "9.0" },                      { "a100", GPU_NVIDIA, "8.0" },
		{ "RTX4090", GPU_NVIDIA, "8.9" },                   { "rtx-4090", GPU_NVIDIA, "8.9" },
		{ "2080Ti", GPU_NVIDIA, "7.5" },                    { "GTX 1080ti", GPU_NVIDIA, "6.1" },
		{ "3050 Ti", GPU_NVIDIA, "8.6" },                   { "RTX 2070 Super", GPU_NVIDIA, "7.5" },
		{ "T4", GPU_NVIDIA, "7.5" },                        { "v100", GPU_NVIDIA, "7.0" },
		{ "L40S", GPU_NVIDIA, "8.9" },                      { "DGX Spark", GPU_NVIDIA, "12.1" },
		{ "sm_90a", GPU_NVIDIA, "9.0" },                    { "sm_103", GPU_NVIDIA, "10.3" },
		{ "12.1", GPU_NVIDIA, "12.1" },                     { "86", GPU_NVIDIA, "8.6" },
		/* parts of boards, shared and virtual ones */
		{ "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", GPU_NVIDIA, "8.0" }, { "NVIDIA A100-SXM4-40GB MIG 1g.5gb", GPU_NVIDIA, "8.0" },
		{ "NVIDIA-H100-80GB-HBM3-SHARED", GPU_NVIDIA, "9.0" }, { "GRID T4-16Q", GPU_NVIDIA, "7.5" },
		{ "NVIDIA A40-48C", GPU_NVIDIA, "8.6" },            { "GRID V100D-8Q", GPU_NVIDIA, "7.0" },
		{ "GRID A100DX-40C", GPU_NVIDIA, "8.0" },           { "GRID A100-4-20C", GPU_NVIDIA, "8.0" },
		{ "NVIDIA H100XM-80C", GPU_NVIDIA, "9.0" },         { "NVIDIA RTXA6000-24Q", GPU_NVIDIA, "8.6" },
		{ "GRID V100S-32C", GPU_NVIDIA, "7.0" },            { "GRID K2", GPU_NVIDIA, "3.0" },
		/* as lspci and shops write them */
		{ "NVIDIA Corporation GV100GL [Tesla V100 SXM2 16GB] (rev a1)", GPU_NVIDIA, "7.0" },
		{ "GA100 [A100 PCIe 40GB]", GPU_NVIDIA, "8.0" },    { "H100-SXM5-80GB", GPU_NVIDIA, "9.0" },
		{ "RTX 4090D", GPU_NVIDIA, "8.9" },                 { "RTXA5000", GPU_NVIDIA, "8.6" },
		{ "[]", GPU_UNKNOWN, "" },                          { "[PCIe", GPU_NVIDIA, "" },
		/* cut off by the table of nvidia-smi */
		{ "NVIDIA A100-SXM...", GPU_NVIDIA, "8.0" },        { "NVIDIA GeForce RTX 3050...", GPU_NVIDIA, "" },
		/* several products, others' products, none */
		{ "TITAN X", GPU_NVIDIA, "" },                      { "AMD Instinct MI300X", GPU_AMD, "" },
		{ "gfx942", GPU_AMD, "" },                          { "Radeon RX 7900 XTX", GPU_AMD, "" },
		{ "Intel Arc A770", GPU_INTEL, "" },                { "banana", GPU_UNKNOWN, "" },
		{ "X100", GPU_UNKNOWN, "" },                        { "NVIDIA", GPU_UNKNOWN, "" },
		{ "V100D", GPU_UNKNOWN, "" },                       { "", GPU_UNKNOWN, "" },
		{ "4090000", GPU_UNKNOWN, "" },                     { "-MIG-", GPU_UNKNOWN, "" },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct gpu_match g = matrix_gpu(m, rows[i].name);
		same(rows[i].name, g.cc, rows[i].cc);
		if (g.vendor != rows[i].vendor)
			fail_msg("%s: vendor %d", rows[i].name, (int)g.vendor);
	}
	struct gpu_match g = matrix_gpu(m, "TITAN X");
	assert_true(g.ambiguous);
	assert_null(g.row);
	assert_non_null(g.suggest[1]);
	assert_string_equal(matrix_gpu(m, "NVIDIA L4O").suggest[0], "NVIDIA L40");
	char name[1000];
	memset(name, 'A', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(matrix_gpu(m, name).vendor, GPU_UNKNOWN);
}

/* Each product is found by its own name, with and without the maker's. */
static void gpu_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < m->gpus.n; i++) {
		const struct row_gpus *r = &m->gpus.v[i];
		char name[256];
		same(r->id, matrix_gpu(m, r->id).cc, ver2_print(r->cc).s);
		snprintf(name, sizeof(name), "%s-SHARED", r->id);
		same(name, matrix_gpu(m, name).cc, ver2_print(r->cc).s);
		if (str_starts(r->id, "NVIDIA "))
			same(r->id + 7, matrix_gpu(m, r->id + 7).cc, ver2_print(r->cc).s);
		if (!matrix_arch(m, r->cc))
			fail_msg("%s: no architecture of %s", r->id, ver2_print(r->cc).s);
	}
}

static void architectures(void **state)
{
	(void)state;
	const struct row_architectures *volta = matrix_arch(m, (struct ver2){ 7, 0 }), *orin = matrix_arch(m, (struct ver2){ 8, 7 });
	assert_int_equal(volta->last_branch, 580);
	same("7.0", volta->last_cuda, "12.9");
	assert_false(volta->tegra);
	assert_true(orin->tegra);
	assert_null(matrix_arch(m, (struct ver2){ 8, 8 }));
	assert_null(matrix_arch(m, VER2_NONE));
}

static void code(void **state)
{
	(void)state;
	static const struct { const char *code, *cc; bool cubin, ptx; } rows[] = {
		{ "sm_80", "8.0", true, true },     { "sm_80", "8.6", true, true },     { "sm_86", "8.0", false, false },
		{ "sm_80", "9.0", false, true },    { "sm_80", "8.7", false, true }, /* desktop code on Tegra */
		{ "sm_87", "8.9", false, true },    { "sm_87", "8.7", true, true },     { "sm_70", "7.5", true, true },
		{ "sm_70", "7.2", false, true },    { "sm_90a", "9.0", true, true },    { "sm_90a", "10.0", false, false },
		{ "sm_100a", "10.3", false, false }, { "sm_100f", "10.3", true, true },  { "sm_100f", "12.0", false, false },
		{ "sm_103f", "10.0", false, false }, { "sm_100", "10.3", true, true },   { "sm_120", "12.1", true, true },
		{ "sm_120a", "12.1", false, false }, { "sm_120f", "12.1", true, true },  { "sm_120", "10.0", false, false },
		{ "sm_101", "11.0", true, true },   { "sm_101a", "11.0", true, true },  { "sm_101", "10.1", false, false },
		{ "sm_52", "5.3", false, true },    { "sm_35", "12.1", false, true },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct sm sm = sm_parse(rows[i].code);
		struct ver2 cc = ver2_parse(rows[i].cc);
		if (matrix_cubin_runs(m, sm, cc) != rows[i].cubin)
			fail_msg("cubin %s on %s", rows[i].code, rows[i].cc);
		if (matrix_ptx_fits(m, sm, cc) != rows[i].ptx)
			fail_msg("PTX %s for %s", rows[i].code, rows[i].cc);
	}
}

static void ptx(void **state)
{
	(void)state;
	static const struct { const char *isa, *cuda; } rows[] = {
		{ "6.0", "9.0" }, { "7.0", "11.0" }, { "8.5", "12.5" }, { "8.6", "12.7" }, { "8.7", "12.8" }, { "9.4", "13.4" }, { "9.9", "" }, { "1.4", "" },
	};
	for (size_t i = 0; i < LENGTH(rows); i++)
		same(rows[i].isa, matrix_ptx_cuda(m, ver2_parse(rows[i].isa)), rows[i].cuda);
	same("12.6", matrix_cuda_ptx(m, (struct ver2){ 12, 6 }), "8.5");
	same("12.7", matrix_cuda_ptx(m, (struct ver2){ 12, 7 }), "8.6");
	same("99.0", matrix_cuda_ptx(m, (struct ver2){ 99, 0 }), "9.4");
	same("4.0", matrix_cuda_ptx(m, (struct ver2){ 4, 0 }), "");
}

/* ---- packages ---- */

static void torch(void **state)
{
	(void)state;
	static const struct { const char *version, *tag, *platform, *id; } rows[] = {
		{ "2.9.1", "cu128", "linux_x86_64", "2.9.1+cu128/linux_x86_64" },
		{ "2.9.1+cu128", "cu128", "linux_x86_64", "2.9.1+cu128/linux_x86_64" },
		{ "2.9.1", NULL, "linux_x86_64", "2.9.1+cu128/linux_x86_64" },
		{ "2.11.0", NULL, "linux_x86_64", "2.11.0+cu130/linux_x86_64" },
		{ "2.7.1", NULL, "linux_x86_64", "2.7.1+cu126/linux_x86_64" },
		{ "1.13.1", NULL, "linux_x86_64", "1.13.1+cu117/linux_x86_64" },
		{ "1.0.0", NULL, "linux_x86_64", "1.0.0+cu90/linux_x86_64" },
		{ "2.13.0", "cu129", "linux_aarch64", "2.13.0+cu129/linux_aarch64" },
		{ "2.13.0", "cu129", "windows_x86_64", "" },
		{ "2.15.0", NULL, "linux_x86_64", "2.15.0+cu132/linux_x86_64" },
		{ "2.11.0", NULL, "linux_aarch64", "2.11.0+cu130/linux_aarch64" }, /* the first CUDA build for arm64 that pip takes by itself */
		{ "2.10.0", NULL, "linux_aarch64", "" },
		{ "2.9.1", "cu117", "linux_x86_64", "" },
		{ "2.9", "cu128", "linux_x86_64", "2.9.0+cu128/linux_x86_64" },
		{ "v2.9.1+cu128", "cu128", "linux_x86_64", "2.9.1+cu128/linux_x86_64" },
		{ "2.9.0a0", "cu128", "linux_x86_64", "" },
		{ "v", "cu128", "linux_x86_64", "" },
		{ "2.9.10", "cu128", "linux_x86_64", "" },
		{ "", NULL, "linux_x86_64", "" },
		{ "2.14.0", "cu134", "linux_x86_64", "" }, /* was never released */
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row_torch *r = matrix_torch(m, rows[i].version, rows[i].tag, rows[i].platform);
		same_text(rows[i].version, r ? r->id : NULL, rows[i].id);
	}
	assert_string_equal(matrix_companion(m, "2.9.1+cu128")->torchvision, "0.24.1");
	assert_string_equal(matrix_companion(m, "2.12.0")->torchaudio, "");
	assert_string_equal(matrix_companion(m, "2.1.2")->xformers, "0.0.23.post1");
	assert_null(matrix_companion(m, "2.1")); /* any 2.1, where it describes what is installed */
	/* a V100 needs sm_70, which the default CUDA 12.8 wheels lost with 2.11 */
	const struct row_torch *old = matrix_torch(m, "2.10.0", "cu128", "linux_x86_64"), *new = matrix_torch(m, "2.11.0", "cu128", "linux_x86_64");
	assert_int_equal(old->sm.v[0].number, 70);
	assert_int_equal(new->sm.v[0].number, 75);
	assert_int_equal(new->ptx.n, 0);
}

static void packages(void **state)
{
	(void)state;
	static const struct { const char *package, *version, *cuda; } cudas[] = {
		{ "tensorflow", "2.15.0", "12.2" },   { "tensorflow", "2.1.0", "10.1" },      { "tensorflow", "2.0.4", "10.0" },
		{ "tensorflow", "2.99.0", "" },       { "cupy-cuda12x", "13.4.0", "12" },     { "onnxruntime-gpu", "1.18.1", "11.8" },
		{ "onnxruntime-gpu", "1.19.0", "12" }, { "onnxruntime-gpu", "1.6.0", "10.2" }, { "ctranslate2", "4.6.0", "12.2" },
		{ "ctranslate2", "4.6.3", "12.8" },   { "cudf-cu12", "25.2.0", "12" },        { "numpy", "2.0", "" },
		{ "tensorflow", NULL, "" },
	};
	for (size_t i = 0; i < LENGTH(cudas); i++) {
		const struct row_package_cuda *r = matrix_package_cuda(m, cudas[i].package, cudas[i].version);
		same(cudas[i].package, r ? r->cuda : VER2_NONE, cudas[i].cuda);
	}
	static const struct { const char *package, *version, *cc; } least[] = {
		{ "flash-attn", "2.8.3", "8.0" },  { "flash-attn", "1.0.9", "" }, { "triton", "3.5.0", "7.0" },   { "vllm", "0.10.0", "7.0" },
		{ "vllm", "0.21.0", "7.5" },       { "xformers", "0.0.30", "" },  { "xformers", "0.0.31.post1", "7.5" }, { "numpy", "2.0", "" },
	};
	for (size_t i = 0; i < LENGTH(least); i++) {
		const struct row_package_floors *r = matrix_package_floor(m, least[i].package, least[i].version);
		same(least[i].package, r ? r->cc : VER2_NONE, least[i].cc);
	}
	assert_non_null(matrix_generator(m, "triton", "3.5.0"));
	assert_null(matrix_generator(m, "torch", "2.9.1"));
	static const struct { const char *package, *version; size_t sm; bool uncertain; } codes[] = {
		{ "flash-attn", "2.6.3", 2, false }, { "flash-attn", "2.7.4.post1", 2, true }, { "flash-attn", "2.8.3", 4, false }, { "vllm", "0.10.0", 7, true },
		{ "vllm", "0.1.0", 0, false },
	};
	for (size_t i = 0; i < LENGTH(codes); i++) {
		const struct row_package_code *r = matrix_package_code(m, codes[i].package, codes[i].version, VER2_NONE);
		assert_int_equal(r ? r->sm.n : 0, codes[i].sm);
		assert_int_equal(r && r->uncertain, codes[i].uncertain);
	}
	same("24.03", matrix_ngc(m, "24.03")->cuda, "12.4");
	same("24.3", matrix_ngc(m, "24.3")->cuda, "12.4");
	same("25.10", matrix_ngc(m, "25.10")->cuda, "13.0");
	assert_null(matrix_ngc(m, "99.10"));
	assert_null(matrix_ngc(m, "24"));
	assert_null(matrix_ngc(m, ""));
}

static void libraries(void **state)
{
	(void)state;
	static const struct { const char *file, *component; } files[] = {
		{ "libcudart.so.12", "cudart" },          { "libcudart-9335f6a2.so.12", "cudart" }, { "libcudart.41118559.so.12", "cudart" },
		{ "libcublasLt.so.12", "cublaslt" },      { "libcublas.so.12.8.3.14", "cublas" },   { "libcudnn_ops.so.9", "cudnn" },
		{ "libnccl.so.2", "nccl" },               { "libcusparseLt.so.0", "cusparselt" },   { "libcusparse.so.12", "cusparse" },
		{ "libcudartx.so.1", "" },                { "libcudart", "" },                      { "libcudart.a", "" },
		{ "libc.so.6", "" },                      { "", "" },
	};
	for (size_t i = 0; i < LENGTH(files); i++) {
		const struct row_components *r = matrix_component(m, files[i].file);
		same_text(files[i].file, r ? r->component : NULL, files[i].component);
	}
	static const struct { const char *component, *version, *cuda, *min, *max; } gpus[] = {
		{ "cudnn", "9.10.2.21", "12", "5.0", "" }, { "cudnn", "9.11.0.98", "12", "7.5", "" },  { "cudnn", "9.20.0.48", "13", "7.5", "" },
		{ "cudnn", "9.1.0.70", "12", "5.0", "9.0" }, { "cudnn", "8.9.2.26", "11", "5.0", "9.0" }, { "cudnn", "8.2.2", "11.4", "3.5", "" },
		{ "cudnn", "8.2.2", "10.2", "3.0", "" },   { "cudnn", "8.2.2", "", "", "" },          { "nccl", "2.28.3", "12.9", "6.0", "" },
		{ "nccl", "2.28.3", "13", "7.5", "" },     { "nccl", "2.27.5", "12", "5.0", "" },     { "nccl", "2.27.5", "13", "", "" },
		{ "nccl", "1.0", "8", "", "" },            { "cublas", "12.8.3.14", "12", "", "" },
	};
	for (size_t i = 0; i < LENGTH(gpus); i++) {
		const struct row_library_gpus *r =
			matrix_library_gpus(m, gpus[i].component, gpus[i].version, gpus[i].cuda[0] ? ver2_parse(gpus[i].cuda) : VER2_NONE);
		same(gpus[i].version, r ? r->cc_min : VER2_NONE, gpus[i].min);
		same(gpus[i].version, r ? r->cc_max : VER2_NONE, gpus[i].max);
	}
	assert_string_equal(matrix_injected(m, "libcuda.so.1")->capability, "compute");
	assert_string_equal(matrix_injected(m, "libnvidia-ml.so.1")->capability, "utility");
	assert_null(matrix_injected(m, "libcuda.so1"));
	assert_null(matrix_injected(m, "libcudart.so.12"));
}

static void roles(void **state)
{
	(void)state;
	static const struct { const char *package, *version, *path, *role; } rows[] = {
		{ "torch", "2.9.1+cu128", "torch/lib/libtorch_cuda.so", "core" },
		{ "torch", "2.0.0", "torch/lib/libtorch_cuda_linalg.so", "optional" },
		{ "nvidia-cufile-cu12", "1.13", "nvidia/cufile/lib/libcufile_rdma.so.1", "optional" }, /* a row with a star */
		{ "nvidia-cufile", "1.15", "nvidia/cu13/lib/libcufile.so.0", "optional" },
		{ "nobody", "1.0", "nobody/lib.so", "" },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row_roles *r = matrix_role(m, rows[i].package, rows[i].version, rows[i].path);
		same_text(rows[i].path, r ? r->role : NULL, rows[i].role);
	}
	size_t at = 0, n = 0;
	for (const struct row_preloads *p; (p = matrix_preload(m, "torch", "2.7.0", "import", &at)); n++)
		assert_string_equal(p->kind, "import");
	assert_int_equal(n, 2);
	at = 0;
	assert_null(matrix_preload(m, "torch", "2.0.0", "import", &at));
	static const struct { const char *version; bool cudnn; } opens[] = { { "4.5.0", true }, { "4.7.0", false } };
	for (size_t i = 0; i < LENGTH(opens); i++) {
		bool cublas = false, cudnn = false;
		at = 0;
		for (const struct row_preloads *o; (o = matrix_opens(m, "ctranslate2", opens[i].version, "libctranslate2.so.4", &at));) {
			cublas |= str_eq(o->library, "libcublas.so.12");
			cudnn |= str_eq(o->library, "libcudnn_ops.so.9");
		}
		assert_true(cublas);
		assert_int_equal(cudnn, opens[i].cudnn);
	}
}

static void others(void **state)
{
	(void)state;
	assert_string_equal(matrix_forward_compat(m, (struct ver2){ 12, 9 }, 535)->cell, "yes");
	assert_string_equal(matrix_forward_compat(m, (struct ver2){ 12, 4 }, 550)->cell, "same");
	assert_null(matrix_forward_compat(m, (struct ver2){ 12, 7 }, 535));
	assert_null(matrix_forward_compat(m, (struct ver2){ 12, 9 }, 1));
	static const struct { int code; const char *name; } codes[] = {
		{ 35, "cudaErrorInsufficientDriver" }, { 209, "cudaErrorNoKernelImageForDevice" }, { 222, "cudaErrorUnsupportedPtxVersion" },
		{ 999, "cudaErrorUnknown" },           { 0, "" },                                  { -1, "" },
	};
	for (size_t i = 0; i < LENGTH(codes); i++) {
		const struct row_errors *e = matrix_error(m, codes[i].code);
		same_text("error", e ? e->name : NULL, codes[i].name);
	}
	assert_string_equal(matrix_message(m, "torch-cpu-build")->text, "Torch not compiled with CUDA enabled");
	assert_null(matrix_message(m, ""));
	assert_null(matrix_message(m, "torch"));
}

/* ---- the tables as such ---- */

/* What --matrices loads from the very files equals what was built in, row for row. */
static void loaded_is_built_in(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct err err = { 0 };
	const struct matrix *loaded = matrix_load(AT_FDCWD, "matrices", &a, &err);
	struct matrix_table tables[64];
	size_t n = matrix_tables(m, tables, LENGTH(tables)), rows = 0;
	assert_non_null(loaded);
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < tables[t].rows; i++, rows++) {
			struct arena b = ARENA_INIT;
			const char *id[2], *text[2], *source[2];
			assert_true(matrix_row(m, tables[t].name, i, &b, &id[0], &text[0], &source[0]));
			if (!matrix_row(loaded, tables[t].name, i, &b, &id[1], &text[1], &source[1]))
				fail_msg("%s ends at row %zu", tables[t].name, i);
			same_text(tables[t].name, id[1], id[0]);
			same_text(id[0], text[1], text[0]);
			same_text(id[0], source[1], source[0]);
			arena_clear(&b);
		}
	assert_true(rows > 1000);
	const char *none;
	assert_false(matrix_row(m, "torch", 100000, &a, &none, &none, &none));
	assert_false(matrix_row(m, "nothing", 0, &a, &none, &none, &none));
	assert_int_equal(matrix_tables(m, tables, 2), 2);
	arena_clear(&a);
}

/* A folder's tables replace those of their names; what cannot be read is an error that names the file. */
static void tables_from_a_folder(void **state)
{
	(void)state;
	static const struct { const char *text, *error; } rows[] = {
		{ "{\"table\": \"ptx\", \"rows\": [{\"id\": \"x\", \"source\": \"s\", \"isa\": \"9.9\", \"cuda\": \"99.0\"}]}", NULL },
		{ "{\"table\": \"ptx\", \"rows\": []}", NULL },
		{ "{\"table\": \"nothing\", \"rows\": []}", "t.json" },
		{ "{\"table\": \"toolkits\", \"rows\": [{\"id\": \"x\", \"source\": \"s\", \"sm\": \"sm_x\"}]}", "t.json" },
		{ "{\"table\": \"errors\", \"rows\": [{\"id\": \"x\", \"source\": \"s\", \"code\": \"1\"}]}", "t.json" },
		{ "{\"table\": \"ptx\", \"rows\": [{\"id\": \"x\"}]}", "t.json" },
		{ "{\"table\": \"ptx\", \"rows\": 1}", "t.json" },
		{ "[1, 2]", "t.json" },
		{ "{", "t.json" },
	};
	char dir[] = "/tmp/matrix_test.XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/t.json", dir);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arena a = ARENA_INIT;
		struct err err = { 0 };
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(rows[i].text, f);
		fclose(f);
		const struct matrix *got = matrix_load(AT_FDCWD, dir, &a, &err);
		if ((got == NULL) != (rows[i].error != NULL))
			fail_msg("%s: %s", rows[i].text, got ? "was taken" : err.text);
		if (rows[i].error && !strstr(err.text, rows[i].error))
			fail_msg("%s: %s", rows[i].text, err.text);
		if (i == 0)
			same("9.9", matrix_ptx_cuda(got, (struct ver2){ 9, 9 }), "99.0");
		if (i == 1)
			same("9.4", matrix_ptx_cuda(got, (struct ver2){ 9, 4 }), "");
		arena_clear(&a);
	}
	unlink(path);
	rmdir(dir);
	struct arena a = ARENA_INIT;
	struct err err = { 0 };
	assert_null(matrix_load(AT_FDCWD, dir, &a, &err));
	arena_clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floors),    cmocka_unit_test(drivers),   cmocka_unit_test(branches), cmocka_unit_test(gpu_names),
		cmocka_unit_test(gpu_rows),  cmocka_unit_test(architectures), cmocka_unit_test(code), cmocka_unit_test(ptx),
		cmocka_unit_test(torch),     cmocka_unit_test(packages),  cmocka_unit_test(libraries), cmocka_unit_test(roles),
		cmocka_unit_test(others),    cmocka_unit_test(loaded_is_built_in), cmocka_unit_test(tables_from_a_folder),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
