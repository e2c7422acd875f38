/* Which of several libraries a package takes: each selector by what is installed, by the environment and by the GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "derive/derive.h"
#include "derive/selectors.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

struct row {
	const char *package, *version;
	const char *torch, *cuda;  /* version and CUDA ("" is a CPU build); NULL: no torch */
	const char *env;           /* "NAME=value"; NULL: none */
	const char *files;         /* separated by blanks; "NAME!soname" misses that soname */
	int cc;                    /* 90 */
	int branch;                /* of the driver */
	bool tegra;
	const char *want;          /* what is taken, in the order of the files */
};

#define BNB "bitsandbytes/libbitsandbytes_"
#define FA "vllm/vllm_flash_attn/_vllm_fa"
#define SGL "sgl_kernel/"
#define OLLAMA "/usr/lib/ollama/cuda_"
#define TRT "tensorrt_libs/libnvinfer_builder_resource_sm"
#define TORIO "torio/lib/libtorio_ffmpeg"
#define CODEC "torchcodec/libtorchcodec_"

static const struct row rows[] = {
	/* bitsandbytes: exactly torch's CUDA before 0.50 */
	{ "bitsandbytes", "0.45.0", "2.5.1", "12.4", NULL, BNB "cpu.so " BNB "cuda118.so " BNB "cuda124.so " BNB "cuda125.so", 80, 550, false, BNB "cuda124.so" },
	{ "bitsandbytes", "0.45.0", "2.9.1", "13.0", NULL, BNB "cpu.so " BNB "cuda118.so " BNB "cuda124.so", 80, 580, false, "" },
	{ "bitsandbytes", "0.45.0", "2.5.1", "12.1", "BNB_CUDA_VERSION=125", BNB "cuda121.so " BNB "cuda125.so", 80, 550, false, BNB "cuda125.so" },
	{ "bitsandbytes", "0.45.0", "2.5.1", "12.1", "BNB_CUDA_VERSION=126", BNB "cuda121.so " BNB "cuda125.so", 80, 550, false, "" },
	{ "bitsandbytes", "0.45.0", "2.5.1", "", NULL, BNB "cpu.so " BNB "cuda124.so", 80, 550, false, BNB "cpu.so" },
	/* from 0.50: the nearest lower one of the major, else the nearest higher one */
	{ "bitsandbytes", "0.50.0", "2.8.0", "12.9", NULL, BNB "cuda118.so " BNB "cuda126.so " BNB "cuda128.so " BNB "cuda130.so", 90, 580, false, BNB "cuda128.so" },
	{ "bitsandbytes", "0.50.0", "2.4.0", "12.1", NULL, BNB "cuda118.so " BNB "cuda126.so " BNB "cuda128.so", 90, 580, false, BNB "cuda126.so" },
	{ "bitsandbytes", "0.50.0", "2.4.0", "11.8", NULL, BNB "cuda126.so " BNB "cuda130.so", 90, 580, false, "" },
	{ "bitsandbytes", "0.50.0", "2.8.0", "12.9", "BNB_CUDA_VERSION=126", BNB "cuda126.so " BNB "cuda128.so", 90, 580, false, BNB "cuda126.so" },
	/* 0.43 and 0.44 bring a second build for GPUs below 7.5 */
	{ "bitsandbytes", "0.43.3", "2.4.0", "12.1", NULL, BNB "cuda121.so " BNB "cuda121_nocublaslt.so", 70, 550, false, BNB "cuda121_nocublaslt.so" },
	{ "bitsandbytes", "0.43.3", "2.4.0", "12.1", NULL, BNB "cuda121.so " BNB "cuda121_nocublaslt.so", 75, 550, false, BNB "cuda121.so" },
	/* sgl-kernel */
	{ "sgl-kernel", "0.3.12", NULL, NULL, NULL, SGL "sm100/common_ops.abi3.so " SGL "sm90/common_ops.abi3.so", 90, 570, false, SGL "sm90/common_ops.abi3.so" },
	{ "sgl-kernel", "0.3.12", NULL, NULL, NULL, SGL "sm100/common_ops.abi3.so " SGL "sm90/common_ops.abi3.so", 80, 570, false, SGL "sm100/common_ops.abi3.so" },
	{ "sgl-kernel", "0.3.12", NULL, NULL, NULL, SGL "sm100/common_ops.abi3.so " SGL "sm90/common_ops.abi3.so", 120, 580, false, SGL "sm100/common_ops.abi3.so" },
	{ "sgl-kernel", "0.3.12", NULL, NULL, NULL, SGL "sm100/common_ops.abi3.so", 90, 580, false, "" },
	/* vLLM's FlashAttention */
	{ "vllm", "0.13.0", NULL, NULL, NULL, FA "2_C.abi3.so " FA "3_C.abi3.so", 90, 570, false, FA "3_C.abi3.so" },
	{ "vllm", "0.13.0", NULL, NULL, NULL, FA "2_C.abi3.so " FA "3_C.abi3.so", 89, 570, false, FA "2_C.abi3.so" },
	{ "vllm", "0.13.0", NULL, NULL, NULL, FA "2_C.abi3.so " FA "3_C.abi3.so", 70, 570, false, "" },
	{ "vllm", "0.6.3", NULL, NULL, NULL, FA "2_C.abi3.so", 90, 570, false, FA "2_C.abi3.so" },
	/* DGL by torch's version */
	{ "dgl", "2.1.0", "2.2.1+cu121", "12.1", NULL, "dgl/graphbolt/libgraphbolt_pytorch_2.1.0.so dgl/graphbolt/libgraphbolt_pytorch_2.2.1.so", 80, 550, false, "dgl/graphbolt/libgraphbolt_pytorch_2.2.1.so" },
	{ "dgl", "2.1.0", "2.5.1+cu121", "12.1", NULL, "dgl/graphbolt/libgraphbolt_pytorch_2.1.0.so", 80, 550, false, "" },
	/* the CUDA build before the CPU build */
	{ "torch-scatter", "2.1.2", NULL, NULL, NULL, "torch_scatter/_scatter_cpu.so torch_scatter/_scatter_cuda.so torch_scatter/_version_cpu.so", 80, 550, false, "torch_scatter/_scatter_cuda.so torch_scatter/_version_cpu.so" },
	{ "torch-sparse", "0.6.18", NULL, NULL, NULL, "torch_sparse/_spmm_cpu.so torch_sparse/_spmm_cuda.so", 80, 550, false, "torch_sparse/_spmm_cuda.so" },
	{ "open3d", "0.18.0", NULL, NULL, NULL, "open3d/cpu/pybind.cpython-311-x86_64-linux-gnu.so open3d/cuda/pybind.cpython-311-x86_64-linux-gnu.so", 80, 550, false, "open3d/cuda/pybind.cpython-311-x86_64-linux-gnu.so" },
	{ "open3d", "0.18.0", NULL, NULL, NULL, "open3d/cpu/pybind.cpython-311-x86_64-linux-gnu.so", 80, 550, false, "open3d/cpu/pybind.cpython-311-x86_64-linux-gnu.so" },
	/* FFmpeg: the newest that loads, else the newest */
	{ "torchaudio", "2.5.1", NULL, NULL, NULL, TORIO "4.so!libavutil.so.56 " TORIO "5.so " TORIO "6.so!libavutil.so.58", 80, 550, false, TORIO "5.so" },
	{ "torchaudio", "2.5.1", NULL, NULL, NULL, TORIO "4.so!libavutil.so.56 " TORIO "5.so!libavutil.so.57", 80, 550, false, TORIO "5.so" },
	{ "torchaudio", "2.5.1", NULL, NULL, "TORIO_USE_FFMPEG_VERSION=4", TORIO "4.so " TORIO "6.so", 80, 550, false, TORIO "4.so" },
	{ "torchcodec", "0.7.0", NULL, NULL, NULL, CODEC "core6.so " CODEC "core7.so " CODEC "custom_ops6.so " CODEC "custom_ops7.so!libavutil.so.59", 80, 550, false, CODEC "core6.so " CODEC "custom_ops6.so" },
	/* TensorRT's builder */
	{ "tensorrt-cu12-libs", "10.8.0", NULL, NULL, NULL, TRT "75.so.10.8.0 " TRT "80.so.10.8.0 " TRT "86.so.10.8.0 " TRT "89.so.10.8.0", 87, 550, false, TRT "86.so.10.8.0" },
	{ "tensorrt-cu12-libs", "10.8.0", NULL, NULL, NULL, TRT "75.so.10.8.0 " TRT "80.so.10.8.0", 70, 550, false, "" },
	{ "tensorrt-cu12-libs", "10.8.0", NULL, NULL, NULL, TRT "100.so.10.8.0 " TRT "120.so.10.8.0", 121, 580, false, TRT "120.so.10.8.0" },
	/* ollama */
	{ NULL, NULL, NULL, NULL, NULL, OLLAMA "v12/libggml-cuda.so " OLLAMA "v13/libggml-cuda.so", 90, 580, false, OLLAMA "v13/libggml-cuda.so" },
	{ NULL, NULL, NULL, NULL, NULL, OLLAMA "v12/libggml-cuda.so " OLLAMA "v13/libggml-cuda.so", 90, 550, false, OLLAMA "v12/libggml-cuda.so" },
	{ NULL, NULL, NULL, NULL, NULL, OLLAMA "v12/libggml-cuda.so " OLLAMA "v13/libggml-cuda.so", 70, 580, false, OLLAMA "v12/libggml-cuda.so" },
	{ NULL, NULL, NULL, NULL, NULL, OLLAMA "v12/libggml-cuda.so " OLLAMA "v13/libggml-cuda.so", 61, 550, false, "" },
	{ NULL, NULL, NULL, NULL, NULL, OLLAMA "jetpack6/libggml-cuda.so " OLLAMA "v12/libggml-cuda.so", 87, 540, true, OLLAMA "jetpack6/libggml-cuda.so" },
	{ NULL, NULL, NULL, NULL, NULL, OLLAMA "jetpack6/libggml-cuda.so " OLLAMA "v12/libggml-cuda.so", 90, 550, false, OLLAMA "v12/libggml-cuda.so" },
};

static struct inventory *build(const struct row *r)
{
	struct inventory *inv = inventory_new();
	struct arena *a = &inv->arena;
	inv->kind = TARGET_ROOTFS;
	inv->complete = true;
	struct package *p;
	if (r->torch) {
		assert_non_null(p = list_push(a, &inv->packages));
		*p = (struct package){ .name = "torch", .version = r->torch, .gpu_known = true };
		p->gpu.cuda = r->cuda[0] ? ver2_parse(r->cuda) : VER2_NONE;
		p->gpu.vendor = r->cuda[0] ? VENDOR_CUDA : VENDOR_CPU;
	}
	if (r->package) {
		assert_non_null(p = list_push(a, &inv->packages));
		*p = (struct package){ .name = r->package, .version = r->version };
	}
	if (r->env) {
		struct span name = SPAN_STR(r->env), value = name;
		name = span_cut(&value, '=');
		struct env_var v = { arena_strn(a, name.p, name.n), arena_strn(a, value.p, value.n) };
		assert_true(list_add(a, &inv->env, v));
	}
	for (struct span rest = SPAN_STR(r->files); rest.n;) {
		struct span missing = span_cut(&rest, ' '), path = span_cut(&missing, '!');
		struct library *l = list_push(a, &inv->libraries);
		assert_non_null(l);
		*l = (struct library){ .path = arena_strn(a, path.p, path.n), .owner = r->package };
		struct resolved miss = { .user = l->path, .soname = arena_strn(a, missing.p, missing.n) };
		assert_true(!missing.n || list_add(a, &inv->resolved, miss));
	}
	return inv;
}

static void takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct inventory *inv = build(r);
		struct err err = ERR_INIT;
		assert_int_equal(roles_assign(inv, matrix_builtin(), &err), 0);
		selectors_pick_loaded(inv);
		struct selector_host h = { { (short)(r->cc / 10), (short)(r->cc % 10) }, r->branch, r->tegra };
		char got[1024] = "";
		for (size_t k = 0; k < inv->libraries.n; k++) {
			const struct library *l = &inv->libraries.v[k];
			assert_int_equal(l->role, LIB_ALTERNATIVE);
			if (selector_takes(inv, l, h))
				snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", got[0] ? " " : "", l->path);
		}
		if (strcmp(got, r->want))
			fail_msg("row %zu, %s on %d: takes '%s', not '%s'", i, r->package ? r->package : "ollama", r->cc, got, r->want);
		inventory_free(inv);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(takes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
