/* Every rule with one case that fires and one that stays silent: declarations against profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "check/check.h"
#include "derive/derive.h"
#include "host/host.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

struct row {
	const char *rule;
	const char *target, *host; /* the members of the objects */
	enum answer answer;        /* ANSWER_PASS: the rule neither fails nor is unknown */
	enum level level;          /* of a failure */
};

#define TORCH(v, cuda, rest) "\"packages\": [{\"name\": \"torch\", \"version\": \"" v "\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"" cuda "\"" rest "}}]"
#define APP(cuda, rest) "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"" cuda "\"" rest "}}]"
#define GPU(name) "\"gpus\": [{\"name\": \"" name "\"}]"
#define IMAGE "\"describes\": \"image\", "

/* A library whose kernels have code for `most`, one in ten also for `few`. */
#define EXT(most, few) "\"packages\": [{\"name\": \"ext\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"ext/_C.so\", " \
	"\"owner\": \"ext\", \"fatbin\": {\"cubin\": [{\"arch\": \"" most "\", \"count\": 10}, {\"arch\": \"" few "\", \"count\": 1}], \"ptx\": [], " \
	"\"groups\": [{\"targets\": [\"" most "\"], \"containers\": 9}, {\"targets\": [\"" few "\", \"" most "\"], \"containers\": 1}]}}]"

static const struct row rows[] = {
	/* driver */
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"driver\": \"470.82.01\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"driver\": \"525.60.13\"", ANSWER_PASS, 0 },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"driver\": \"525\"", ANSWER_UNKNOWN, 0 },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"driver\": \"450.80.02-535.54.03\"", ANSWER_UNKNOWN, 0 },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"cuda\": \"11.8\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"cuda\": \"12.0\"", ANSWER_PASS, 0 },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"os\": \"wsl2\", \"driver\": \"527.41\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-too-old", TORCH("2.5.1", "12.4", ""), "\"os\": \"wsl2\", \"driver\": \"531.68\"", ANSWER_PASS, 0 },
	{ "driver-too-old", APP("10.1", ""), "\"driver\": \"410.129\"", ANSWER_FAIL, LEVEL_ERROR }, /* no minor-version compatibility before 11 */
	{ "driver-too-old", APP("10.0", ""), "\"driver\": \"410.129\"", ANSWER_PASS, 0 },           /* 410.129 > 410.48 as numbers */
	{ "driver-too-old", APP("12.6", ""), "\"driver\": \"540.4.0\", " GPU("Jetson AGX Orin"), ANSWER_PASS, 0 },
	{ "minor-version-compat", TORCH("2.5.1", "12.4", ""), "\"driver\": \"535.104.05\"", ANSWER_FAIL, LEVEL_NOTE },
	{ "minor-version-compat", TORCH("2.5.1", "12.4", ""), "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "ptx-too-new", APP("12.8", ", \"cubin\": [\"sm_80\"], \"ptx\": [{\"arch\": \"compute_90\"}]"), "\"driver\": \"535.104.05\", " GPU("H100"), ANSWER_FAIL, LEVEL_ERROR },
	{ "ptx-too-new", APP("12.2", ", \"cubin\": [\"sm_80\"], \"ptx\": [{\"arch\": \"compute_90\"}]"), "\"driver\": \"535.104.05\", " GPU("H100"), ANSWER_PASS, 0 },
	{ "runtime-ptx-too-new", "\"packages\": [\"numba==0.58\"], \"toolkits\": [{\"path\": \"/usr/local/cuda\", \"version\": \"12.8\"}]", "\"driver\": \"535.104.05\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "runtime-ptx-too-new", "\"packages\": [\"numba==0.58\", \"torch==2.5.1+cu121\"], \"toolkits\": [{\"path\": \"/usr/local/cuda\", \"version\": \"12.8\"}]", "\"driver\": \"535.104.05\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "runtime-ptx-too-new", "\"packages\": [\"numba==0.58\"], \"toolkits\": [{\"path\": \"/usr/local/cuda\", \"version\": \"12.2\"}]", "\"driver\": \"535.104.05\"", ANSWER_PASS, 0 },
	{ "compat-rescues", APP("12.4", "") ", \"compat\": [{\"path\": \"/usr/local/cuda/compat\", \"cuda\": \"12.4\", \"drivers\": [470, 525, 535]}]", "\"driver\": \"470.82.01\", \"runtime\": \"legacy\", " GPU("A100"), ANSWER_FAIL, LEVEL_NOTE },
	{ "driver-too-old", APP("12.4", "") ", \"compat\": [{\"path\": \"/usr/local/cuda/compat\", \"cuda\": \"12.4\", \"drivers\": [470, 525, 535]}]", "\"driver\": \"470.82.01\", \"runtime\": \"legacy\", " GPU("A100"), ANSWER_PASS, 0 },
	{ "compat-rescues", APP("11.4", "") ", \"compat\": [{\"path\": \"/usr/local/cuda/compat\", \"cuda\": \"12.4\"}]", "\"driver\": \"470.82.01\", \"runtime\": \"legacy\", " GPU("A100"), ANSWER_PASS, 0 },
	{ "compat-gpu-unsupported", APP("11.3", "") ", \"compat\": [{\"cuda\": \"11.3\"}]", "\"driver\": \"460.80\", \"runtime\": \"legacy\", " GPU("GeForce GTX 1650"), ANSWER_FAIL, LEVEL_ERROR },
	{ "compat-gpu-unsupported", APP("11.3", "") ", \"compat\": [{\"cuda\": \"11.3\"}]", "\"driver\": \"460.80\", \"runtime\": \"legacy\", " GPU("A100"), ANSWER_PASS, 0 },
	{ "compat-older-than-driver", APP("12.9", "") ", \"env\": {\"LD_LIBRARY_PATH\": \"/usr/local/cuda/compat\"}, \"compat\": [{\"path\": \"/usr/local/cuda/compat\", \"cuda\": \"12.9\", \"version\": \"575.57.08\"}]", "\"driver\": \"580.65.06\", " GPU("A100"), ANSWER_FAIL, LEVEL_ERROR },
	{ "compat-older-than-driver", APP("12.9", "") ", \"env\": {}, \"compat\": [{\"path\": \"/usr/local/cuda/compat\", \"cuda\": \"12.9\", \"version\": \"575.57.08\"}]", "\"driver\": \"580.65.06\", " GPU("A100"), ANSWER_PASS, 0 },
	{ "compat-branch-unsupported", APP("13.1", "") ", \"compat\": [{\"cuda\": \"13.1\", \"version\": \"590.44.01\", \"drivers\": [535, 570, 580]}]", "\"driver\": \"565.57.01\", \"runtime\": \"legacy\", " GPU("A100"), ANSWER_FAIL, LEVEL_ERROR },
	{ "compat-branch-unsupported", APP("13.1", "") ", \"compat\": [{\"cuda\": \"13.1\", \"version\": \"590.44.01\", \"drivers\": [535, 570, 580]}]", "\"driver\": \"570.86.15\", \"runtime\": \"legacy\", " GPU("A100"), ANSWER_PASS, 0 },
	{ "libcuda-driver-mismatch", APP("12.4", ""), "\"driver\": \"470.82.01\", \"cuda\": \"11.8\", " GPU("RTX 3090"), ANSWER_FAIL, LEVEL_ERROR },
	{ "libcuda-driver-mismatch", APP("12.4", ""), "\"driver\": \"470.82.01\", \"cuda\": \"11.4\", " GPU("RTX 3090"), ANSWER_PASS, 0 },
	/* gpu */
	{ "no-kernel-image", APP("12.4", ", \"cubin\": [\"sm_80\", \"sm_90\"], \"ptx\": []"), "\"driver\": \"550.54.15\", " GPU("T4"), ANSWER_FAIL, LEVEL_ERROR },
	{ "no-kernel-image", APP("12.4", ", \"cubin\": [\"sm_80\", \"sm_90\"], \"ptx\": []"), "\"driver\": \"550.54.15\", " GPU("L4"), ANSWER_PASS, 0 },
	{ "no-kernel-image", APP("12.4", ", \"cubin\": [\"sm_90a\"], \"ptx\": []"), "\"driver\": \"570.86.15\", " GPU("B200"), ANSWER_FAIL, LEVEL_ERROR },
	{ "no-kernel-image", APP("12.9", ", \"cubin\": [\"sm_100f\"], \"ptx\": []"), "\"driver\": \"580.82.07\", " GPU("GB300"), ANSWER_PASS, 0 },
	{ "no-kernel-image", APP("12.4", ", \"cubin\": [\"sm_80\"], \"ptx\": []"), "\"driver\": \"540.4.0\", " GPU("Jetson AGX Orin"), ANSWER_FAIL, LEVEL_ERROR }, /* Tegra is an island */
	{ "no-kernel-image", APP("12.4", ", \"cubin\": [\"sm_80\"], \"ptx\": []"), "\"driver\": \"550.54.15\", \"gpus\": [{\"name\": \"A100\"}, {\"name\": \"T4\"}]", ANSWER_FAIL, LEVEL_WARNING },
	{ "no-kernel-image", APP("12.4", ", \"cubin\": [\"sm_80\"], \"ptx\": []"), "\"driver\": \"550.54.15\", " GPU("Q9000 Ultra"), ANSWER_UNKNOWN, 0 },
	{ "ptx-jit-only", APP("12.4", ", \"cubin\": [\"sm_80\"], \"ptx\": [{\"arch\": \"compute_80\"}]"), "\"driver\": \"550.54.15\", " GPU("H100"), ANSWER_FAIL, LEVEL_WARNING },
	{ "ptx-jit-only", APP("12.4", ", \"cubin\": [\"sm_90\"], \"ptx\": [{\"arch\": \"compute_80\"}]"), "\"driver\": \"550.54.15\", " GPU("H100"), ANSWER_PASS, 0 },
	{ "library-lacks-gpu", APP("11.8", ", \"cubin\": [\"sm_80\"], \"ptx\": [{\"arch\": \"compute_80\"}]"), "\"driver\": \"570.86.16\", " GPU("RTX 5090"), ANSWER_FAIL, LEVEL_WARNING },
	{ "library-lacks-gpu", APP("12.8", ", \"cubin\": [\"sm_120\"], \"ptx\": []"), "\"driver\": \"570.86.16\", " GPU("RTX 5090"), ANSWER_PASS, 0 },
	{ "package-gpu-floor", "\"packages\": [\"flash-attn==2.5.8\"]", "\"driver\": \"550.54.15\", " GPU("T4"), ANSWER_FAIL, LEVEL_ERROR },
	{ "package-gpu-floor", "\"packages\": [\"flash-attn==2.5.8\"]", "\"driver\": \"550.54.15\", " GPU("A10"), ANSWER_PASS, 0 },
	{ "gpu-dropped-by-driver", APP("12.4", ""), "\"driver\": \"595.71.05\", " GPU("Tesla P100"), ANSWER_FAIL, LEVEL_ERROR },
	{ "gpu-dropped-by-driver", APP("12.4", ""), "\"driver\": \"580.65.06\", " GPU("Tesla P100"), ANSWER_PASS, 0 },
	{ "gpu-too-new-for-driver", APP("12.4", ""), "\"driver\": \"550.54.15\", " GPU("RTX 5090"), ANSWER_FAIL, LEVEL_ERROR },
	{ "gpu-too-new-for-driver", APP("12.4", ""), "\"driver\": \"570.86.16\", " GPU("RTX 5090"), ANSWER_PASS, 0 },
	{ "partial-kernel-coverage", EXT("sm_80", "sm_90"), "\"driver\": \"550.54.15\", " GPU("H100"), ANSWER_FAIL, LEVEL_WARNING },
	{ "partial-kernel-coverage", EXT("sm_80", "sm_75"), "\"driver\": \"550.54.15\", " GPU("T4"), ANSWER_FAIL, LEVEL_NOTE }, /* made for newer GPUs on purpose */
	{ "partial-kernel-coverage", EXT("sm_80", "sm_75"), "\"driver\": \"550.54.15\", " GPU("A100"), ANSWER_PASS, 0 },
	/* container */
	{ "platform-mismatch", "\"platform\": {\"os\": \"linux\", \"arch\": \"amd64\"}, " APP("12.4", ""), "\"arch\": \"arm64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "platform-mismatch", "\"platform\": {\"os\": \"linux\", \"arch\": \"arm64\"}, " APP("12.4", ""), "\"arch\": \"aarch64\"", ANSWER_PASS, 0 },
	{ "no-gpu-runtime", IMAGE APP("12.4", ""), "\"driver\": \"550.54.15\", \"runtime\": \"none\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "no-gpu-runtime", "\"describes\": \"environment\", " APP("12.4", ""), "\"driver\": \"550.54.15\", \"runtime\": \"none\"", ANSWER_PASS, 0 },
	{ "no-gpu-runtime", APP("12.4", ""), "\"no_gpu\": true", ANSWER_FAIL, LEVEL_ERROR },
	{ "visible-devices", IMAGE APP("12.4", "") ", \"env\": {}", "\"driver\": \"550.54.15\", \"runtime\": \"enroot\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "visible-devices", IMAGE APP("12.4", "") ", \"env\": {}", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "visible-devices", IMAGE APP("12.4", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"void\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "visible-devices", IMAGE APP("12.4", "") ", \"env\": {\"CUDA_VISIBLE_DEVICES\": \"-1\", \"NVIDIA_VISIBLE_DEVICES\": \"all\"}", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "visible-devices", IMAGE APP("12.4", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\"}", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "driver-capabilities", IMAGE APP("12.4", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_DRIVER_CAPABILITIES\": \"video,utility\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-capabilities", IMAGE APP("12.4", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\"}", "\"driver\": \"550.54.15\", \"runtime\": \"enroot\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-capabilities", IMAGE APP("12.4", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_DRIVER_CAPABILITIES\": \"compute,utility\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_PASS, 0 },
	{ "driver-not-on-path", IMAGE APP("12.4", "") ", \"env\": {}", "\"driver_dir\": \"/usr/local/nvidia/lib64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-not-on-path", IMAGE APP("12.4", "") ", \"env\": {\"LD_LIBRARY_PATH\": \"/x:/usr/local/nvidia/lib64\"}", "\"driver_dir\": \"/usr/local/nvidia/lib64\"", ANSWER_PASS, 0 },
	{ "driver-library-in-image", APP("12.4", "") ", \"driver_libraries\": [{\"path\": \"/usr/lib/libcuda.so.535.54.03\", \"version\": \"535.54.03\", \"kind\": \"driver\"}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "driver-library-in-image", APP("12.4", "") ", \"driver_libraries\": [{\"path\": \"/usr/lib/libcuda.so.550.54.15\", \"version\": \"550.54.15\", \"kind\": \"driver\"}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "driver-library-in-image", APP("12.4", "") ", \"driver_libraries\": [{\"path\": \"/usr/lib/libcuda.so.550.54.15\", \"version\": \"550.54.15\", \"kind\": \"placeholder\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "stub-on-path", APP("12.4", "") ", \"env\": {\"LD_LIBRARY_PATH\": \"/usr/local/cuda/lib64/stubs\"}, \"driver_libraries\": [{\"path\": \"/usr/local/cuda/lib64/stubs/libcuda.so\", \"kind\": \"stub\"}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "stub-on-path", APP("12.4", "") ", \"env\": {}, \"driver_libraries\": [{\"path\": \"/usr/local/cuda/lib64/stubs/libcuda.so\", \"kind\": \"stub\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8\"}", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8 driver>=550\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_PASS, 0 },
	/* a driver branch and a GPU of no known brand decide what does not depend on more */
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8 driver>=550,driver<551\"}", "\"driver\": \"550\", \"runtime\": \"legacy\"", ANSWER_PASS, 0 },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8 driver>=550.54,driver<551\"}", "\"driver\": \"550\", \"runtime\": \"legacy\"", ANSWER_UNKNOWN, 0 },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8 driver=550.54.15\"}", "\"driver\": \"550\", \"runtime\": \"legacy\"", ANSWER_UNKNOWN, 0 },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8 brand=tesla,driver>=550\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\", \"gpus\": [{\"name\": \"X\", \"cc\": \"8.0\"}]", ANSWER_UNKNOWN, 0 },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8 brand=tesla,driver>=560\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\", \"gpus\": [{\"name\": \"X\", \"cc\": \"8.0\"}]", ANSWER_FAIL, LEVEL_ERROR },
	{ "require-unsatisfied", IMAGE APP("12.8", "") ", \"env\": {\"CUDA_VERSION\": \"12.8.1\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "require-invalid", IMAGE APP("12.8", "") ", \"env\": {\"CUDA_VERSION\": \"12.8.1.0\"}", "\"driver\": \"580.65.06\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "require-invalid", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda >= 12.0\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "require-invalid", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.0\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_PASS, 0 },
	{ "require-not-enforced", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.8\"}", "\"driver\": \"550.54.15\", \"runtime\": \"cdi\"", ANSWER_FAIL, LEVEL_NOTE },
	{ "require-not-enforced", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\", \"NVIDIA_REQUIRE_CUDA\": \"cuda>=12.4\"}", "\"driver\": \"550.54.15\", \"runtime\": \"cdi\"", ANSWER_PASS, 0 },
	{ "require-disabled", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_DISABLE_REQUIRE\": \"1\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_FAIL, LEVEL_NOTE },
	{ "require-disabled", IMAGE APP("12.8", "") ", \"env\": {\"NVIDIA_DISABLE_REQUIRE\": \"yes\"}", "\"driver\": \"550.54.15\", \"runtime\": \"legacy\"", ANSWER_PASS, 0 },
	/* python */
	{ "cpu-only-build", "\"packages\": [\"torch==2.5.1+cpu\"], \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\"}", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "cpu-only-build", "\"packages\": [\"torch==2.5.1+cpu\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "cpu-only-build", "\"packages\": [\"torch==2.5.1+cpu\"]", "\"no_gpu\": true", ANSWER_PASS, 0 },
	{ "cpu-only-build", "\"platform\": {\"os\": \"linux\", \"arch\": \"arm64\"}, \"packages\": [\"torch==2.9.1\"]", "\"driver\": \"580.65.06\", " GPU("GH200"), ANSWER_FAIL, LEVEL_WARNING },
	{ "cpu-only-build", "\"platform\": {\"os\": \"linux\", \"arch\": \"arm64\"}, \"packages\": [\"torch==2.11.0\"]", "\"driver\": \"580.65.06\", " GPU("GH200"), ANSWER_PASS, 0 },
	{ "wrong-vendor", "\"packages\": [\"torch==2.5.1+cu124\"]", GPU("AMD Instinct MI300X"), ANSWER_FAIL, LEVEL_ERROR },
	{ "wrong-vendor", "\"packages\": [\"torch==2.5.1+rocm6.2\"]", "\"driver\": \"550.54.15\", " GPU("A100"), ANSWER_FAIL, LEVEL_ERROR },
	{ "wrong-vendor", "\"packages\": [\"torch==2.5.1+rocm6.2\"]", GPU("AMD Instinct MI300X"), ANSWER_PASS, 0 },
	{ "companion-cuda-mismatch", "\"packages\": [\"torch==2.9.1+cu130\", \"bitsandbytes==0.45.0\"], \"libraries\": [{\"path\": \"bitsandbytes/libbitsandbytes_cuda124.so\", \"owner\": \"bitsandbytes\"}]", "\"driver\": \"580.65.06\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "companion-cuda-mismatch", "\"packages\": [\"torch==2.5.1+cu124\", \"bitsandbytes==0.45.0\"], \"libraries\": [{\"path\": \"bitsandbytes/libbitsandbytes_cuda124.so\", \"owner\": \"bitsandbytes\"}]", "\"driver\": \"580.65.06\"", ANSWER_PASS, 0 },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.5.1+cu124\", \"dgl==2.1.0\"], \"libraries\": [{\"path\": \"dgl/graphbolt/libgraphbolt_pytorch_2.2.1.so\", \"owner\": \"dgl\"}]", "\"driver\": \"580.65.06\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.2.1+cu121\", \"dgl==2.1.0\"], \"libraries\": [{\"path\": \"dgl/graphbolt/libgraphbolt_pytorch_2.2.1.so\", \"owner\": \"dgl\"}]", "\"driver\": \"580.65.06\"", ANSWER_PASS, 0 },
	{ "bundled-ptxas-too-old", "\"packages\": [\"triton==3.3.1\"], \"compilers\": [{\"path\": \"triton/backends/nvidia/bin/ptxas\", \"tool\": \"ptxas\", \"version\": \"12.8.93\", \"owner\": \"triton\"}]", "\"driver\": \"580.95.05\", \"gpus\": [{\"name\": \"NVIDIA GB10\"}]", ANSWER_FAIL, LEVEL_WARNING },
	{ "bundled-ptxas-too-old", "\"packages\": [\"triton==3.3.1\"], \"compilers\": [{\"path\": \"triton/backends/nvidia/bin/ptxas\", \"tool\": \"ptxas\", \"version\": \"12.9.86\", \"owner\": \"triton\"}]", "\"driver\": \"580.95.05\", \"gpus\": [{\"name\": \"NVIDIA GB10\"}]", ANSWER_PASS, 0 },
	{ "bundled-ptxas-too-new", "\"packages\": [\"triton==3.3.1\"], \"compilers\": [{\"path\": \"triton/backends/nvidia/bin/ptxas\", \"tool\": \"ptxas\", \"version\": \"13.3.33\", \"owner\": \"triton\"}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"NVIDIA H100\"}]", ANSWER_FAIL, LEVEL_WARNING },
	{ "bundled-ptxas-too-new", "\"packages\": [\"triton==3.3.1\"], \"compilers\": [{\"path\": \"triton/backends/nvidia/bin/ptxas\", \"tool\": \"ptxas\", \"version\": \"13.3.33\", \"owner\": \"triton\"}]", "\"driver\": \"580.95.05\", \"gpus\": [{\"name\": \"Tesla V100-SXM2-16GB\"}]", ANSWER_FAIL, LEVEL_WARNING },
	{ "bundled-ptxas-too-new", "\"packages\": [\"triton==3.3.1\"], \"compilers\": [{\"path\": \"triton/backends/nvidia/bin/ptxas\", \"tool\": \"ptxas\", \"version\": \"12.8.93\", \"owner\": \"triton\"}]", "\"driver\": \"550.54.15\", \"gpus\": [{\"name\": \"NVIDIA H100\"}]", ANSWER_PASS, 0 },
	/* selectors: what is loaded on this GPU is judged, and nothing else of the group */
	{ "no-kernel-image", "\"packages\": [{\"name\": \"vllm\", \"version\": \"0.13.0\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"vllm/_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_70\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"vllm/vllm_flash_attn/_vllm_fa2_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"vllm/vllm_flash_attn/_vllm_fa3_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_90a\", \"count\": 10}], \"ptx\": []}}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"Tesla V100-SXM2-16GB\"}]", ANSWER_PASS, 0 },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"vllm\", \"version\": \"0.13.0\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"vllm/_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_90\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"vllm/vllm_flash_attn/_vllm_fa2_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"vllm/vllm_flash_attn/_vllm_fa3_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_90a\", \"count\": 10}], \"ptx\": []}}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"NVIDIA H100\"}]", ANSWER_PASS, 0 },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"vllm\", \"version\": \"0.13.0\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"vllm/_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_90\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"vllm/vllm_flash_attn/_vllm_fa2_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"vllm/vllm_flash_attn/_vllm_fa3_C.abi3.so\", \"owner\": \"vllm\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"NVIDIA H100\"}]", ANSWER_FAIL, LEVEL_ERROR },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"sgl-kernel\", \"version\": \"0.3.12\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"sgl_kernel/sm90/common_ops.abi3.so\", \"owner\": \"sgl-kernel\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_90a\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"sgl_kernel/sm100/common_ops.abi3.so\", \"owner\": \"sgl-kernel\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"NVIDIA H100\"}]", ANSWER_PASS, 0 },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"sgl-kernel\", \"version\": \"0.3.12\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"sgl_kernel/sm90/common_ops.abi3.so\", \"owner\": \"sgl-kernel\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_90a\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"sgl_kernel/sm100/common_ops.abi3.so\", \"owner\": \"sgl-kernel\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"NVIDIA A100\"}]", ANSWER_PASS, 0 },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"sgl-kernel\", \"version\": \"0.3.12\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"libraries\": [{\"path\": \"sgl_kernel/sm90/common_ops.abi3.so\", \"owner\": \"sgl-kernel\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}, {\"path\": \"sgl_kernel/sm100/common_ops.abi3.so\", \"owner\": \"sgl-kernel\", \"fatbin\": {\"cubin\": [{\"arch\": \"sm_80\", \"count\": 10}], \"ptx\": []}}]", "\"driver\": \"570.86.15\", \"gpus\": [{\"name\": \"NVIDIA H100\"}]", ANSWER_FAIL, LEVEL_ERROR },
	{ "mixed-install", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.5.1\", \"module_version\": \"2.4.0+cu121\"}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "mixed-install", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.5.1\", \"module_version\": \"2.5.1+cu124\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "mixed-install", "\"packages\": [\"nvidia-cudnn-cu12==9.1.0.70\"], \"libraries\": [{\"path\": \"nvidia/cudnn/lib/libcudnn_graph.so.9\", \"owner\": \"nvidia-cudnn-cu12\", \"version\": \"9.8.0\"}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "mixed-install", "\"packages\": [\"nvidia-cudnn-cu12==9.1.0.70\"], \"libraries\": [{\"path\": \"nvidia/cudnn/lib/libcudnn_graph.so.9\", \"owner\": \"nvidia-cudnn-cu12\", \"version\": \"9.1.0\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "build-toolkit-mismatch", "\"packages\": [\"torch==2.4.0+cu124\"], \"toolkits\": [{\"version\": \"11.8\", \"nvcc\": true}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "build-toolkit-mismatch", "\"packages\": [\"torch==2.4.0+cu124\"], \"toolkits\": [{\"version\": \"12.4.1\", \"nvcc\": true}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	/* nvcc of CUDA 13 writes no code below 7.5, whatever the tables say of a build */
	{ "no-kernel-image", "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"13.0\"}}]", "\"driver\": \"580.65.06\", \"gpus\": [{\"name\": \"V100\"}]", ANSWER_FAIL, LEVEL_ERROR },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": null, \"evidence\": [{\"value\": \"13\", \"from\": \"declared\"}]}}]", "\"driver\": \"580.65.06\", \"gpus\": [{\"name\": \"V100\"}]", ANSWER_FAIL, LEVEL_ERROR },
	{ "no-kernel-image", "\"packages\": [\"torch==2.9.1+cu130\"]", "\"driver\": \"580.65.06\", \"gpus\": [{\"name\": \"V100\"}]", ANSWER_FAIL, LEVEL_ERROR },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.9\"}}]", "\"driver\": \"580.65.06\", \"gpus\": [{\"name\": \"V100\"}]", ANSWER_UNKNOWN, 0 },
	{ "no-kernel-image", "\"packages\": [{\"name\": \"cuda-python\", \"version\": \"13.0.3\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"13.0\"}}]", "\"driver\": \"580.65.06\", \"gpus\": [{\"name\": \"V100\"}]", ANSWER_PASS, 0 },
	/* a compat libcuda that is taken decides: by the GPUs, and by a branch that the table has left out */
	{ "compat-gpu-unsupported", "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"11.2\"}}], \"compat\": [{\"cuda\": \"11.2\", \"active\": true}]", "\"driver\": \"455.32.00\"", ANSWER_UNKNOWN, 0 },
	{ "compat-branch-unsupported", "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"compat\": [{\"cuda\": \"12.4\", \"active\": true}]", "\"driver\": \"530.30.02\", \"gpus\": [{\"name\": \"A100\"}]", ANSWER_UNKNOWN, 0 },
	{ "compat-branch-unsupported", "\"packages\": [{\"name\": \"app\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.4\"}}], \"compat\": [{\"cuda\": \"12.4\", \"active\": true}]", "\"driver\": \"470.82.01\", \"gpus\": [{\"name\": \"A100\"}]", ANSWER_PASS, 0 },
	/* of packages that are described, not read: what their wheels are published for */
	{ "companion-cuda-mismatch", "\"packages\": [\"torch==2.7.0+cu128\", \"bitsandbytes==0.45.2\"]", "\"driver\": \"580.65.06\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "companion-cuda-mismatch", "\"packages\": [\"torch==2.7.0+cu128\", \"bitsandbytes==0.45.3\"]", "\"driver\": \"580.65.06\"", ANSWER_PASS, 0 },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.1.0+cu121\", \"xformers==0.0.26.post1\"]", "\"driver\": \"580.65.06\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.3.1+cu121\", \"xformers==0.0.26.post1\"]", "\"driver\": \"580.65.06\"", ANSWER_PASS, 0 },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.9.0+cu128\", \"xformers==0.0.33.post1\"]", "\"driver\": \"580.65.06\"", ANSWER_PASS, 0 },
	{ "wheel-tag-mismatch", "\"os\": {\"libc\": \"glibc\", \"libc_version\": \"2.17\"}, \"packages\": [{\"name\": \"x\", \"tags\": [\"cp310-cp310-manylinux_2_28_x86_64\"]}]", "\"arch\": \"amd64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "wheel-tag-mismatch", "\"os\": {\"libc\": \"glibc\", \"libc_version\": \"2.17\"}, \"packages\": [{\"name\": \"x\", \"tags\": [\"cp310-cp310-manylinux_2_28_x86_64.manylinux2014_x86_64\"]}]", "\"arch\": \"amd64\"", ANSWER_PASS, 0 },
	{ "wheel-tag-mismatch", "\"os\": {\"libc\": \"musl\"}, \"packages\": [{\"name\": \"x\", \"tags\": [\"cp310-cp310-manylinux_2_17_x86_64\"]}]", "\"arch\": \"amd64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "wheel-tag-mismatch", "\"os\": {\"libc\": \"musl\"}, \"packages\": [{\"name\": \"x\", \"tags\": [\"cp310-cp310-musllinux_1_1_x86_64\"]}]", "\"arch\": \"amd64\"", ANSWER_PASS, 0 },
	{ "libc-too-old", "\"os\": {\"libc\": \"musl\"}, \"packages\": [\"torch==2.4.1\"], \"libraries\": [{\"path\": \"torch/lib/libc10.so\", \"owner\": \"torch\", \"version_needs\": {\"libc.so.6\": [\"GLIBC_2.17\"]}}]", "\"arch\": \"amd64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "companion-cuda-mismatch", "\"packages\": [\"torch==2.0.1+cu117\", \"torchvision==0.15.2+cu118\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "companion-cuda-mismatch", "\"packages\": [\"torch==2.0.1+cu118\", \"torchvision==0.15.2+cu118\"]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.5.1+cu124\", \"flash-attn==2.6.3+cu123torch2.4cxx11abiFALSE\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.4.0+cu124\", \"flash-attn==2.6.3+cu123torch2.4cxx11abiTRUE\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "extension-torch-mismatch", "\"packages\": [\"torch==2.4.0+cu124\", \"flash-attn==2.6.3+cu123torch2.4cxx11abiFALSE\"]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "duplicate-distribution", "\"packages\": [\"numpy==1.26.4\", \"numpy==2.0.0\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "duplicate-distribution", "\"packages\": [\"numpy==1.26.4\", \"scipy==1.13.0\"]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "record-mismatch", "\"packages\": [{\"name\": \"torch\", \"record\": {\"missing\": [\"torch/lib/libtorch.so\"], \"changed\": []}}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_NOTE },
	{ "record-mismatch", "\"packages\": [{\"name\": \"torch\", \"record\": {\"missing\": [], \"changed\": []}}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "wheel-tag-mismatch", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.0.1\", \"tags\": [\"cp310-cp310-linux_x86_64\"]}]", "\"arch\": \"arm64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "wheel-tag-mismatch", "\"pythons\": [{\"version\": \"3.11\"}], \"packages\": [{\"name\": \"torch\", \"version\": \"2.0.1\", \"tags\": [\"cp310-cp310-linux_x86_64\"]}]", "\"arch\": \"amd64\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "wheel-tag-mismatch", "\"pythons\": [{\"version\": \"3.11\"}], \"packages\": [{\"name\": \"x\", \"tags\": [\"cp38-abi3-manylinux_2_28_x86_64\"]}]", "\"arch\": \"amd64\"", ANSWER_PASS, 0 },
	/* library */
	{ "file-owned-twice", "\"packages\": [\"nvidia-cudnn-cu12==9.1.0.70\", \"nvidia-cudnn-cu13==9.13.0\"], \"owned_twice\": [{\"path\": \"nvidia/cudnn/lib/libcudnn.so.9\", \"owners\": [\"nvidia-cudnn-cu12\", \"nvidia-cudnn-cu13\"]}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "file-owned-twice", "\"packages\": [\"nvidia-cudnn-cu12==9.1.0.70\"], \"owned_twice\": []", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "known-bad-version", "\"packages\": [\"torch==2.3.0\", \"flash-attn==2.5.7\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "known-bad-version", "\"packages\": [\"torch==2.2.2\", \"flash-attn==2.5.8\"]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "libc-too-old", "\"os\": {\"libc\": \"glibc\", \"libc_version\": \"2.27\"}, \"packages\": [\"torch==1.6.0\"], \"libraries\": [{\"path\": \"torch/lib/libtorch_python.so\", \"owner\": \"torch\", \"version_needs\": {\"libc.so.6\": [\"GLIBC_2.28\"]}}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "libc-too-old", "\"os\": {\"libc\": \"glibc\", \"libc_version\": \"2.31\"}, \"packages\": [\"torch==1.6.0\"], \"libraries\": [{\"path\": \"torch/lib/libtorch_python.so\", \"owner\": \"torch\", \"version_needs\": {\"libc.so.6\": [\"GLIBC_2.28\"]}}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "missing-library", "\"complete\": true, \"packages\": [\"torch==2.1.0+cu121\"], \"libraries\": [{\"path\": \"torch/lib/libtorch_cuda.so\", \"owner\": \"torch\", \"needed\": [\"libcurand.so.10\"]}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "missing-library", "\"complete\": true, \"packages\": [\"torch==2.1.0+cu121\"], \"libraries\": [{\"path\": \"torch/lib/libtorch_cuda.so\", \"owner\": \"torch\", \"needed\": [\"libcurand.so.10\", \"libcuda.so.1\"]}, {\"path\": \"libcurand.so.10\", \"soname\": \"libcurand.so.10\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "missing-library", "\"packages\": [\"torch==2.1.0+cu121\"], \"libraries\": [{\"path\": \"torch/lib/libtorch_cuda.so\", \"owner\": \"torch\", \"needed\": [\"libcurand.so.10\"]}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 }, /* what a declaration leaves out is not absent */
	{ "missing-symbol-version", "\"packages\": [\"ext==1\"], \"libraries\": [{\"path\": \"ext/_C.so\", \"owner\": \"ext\", \"version_needs\": {\"libstdc++.so.6\": [\"GLIBCXX_3.4.30\"]}}, {\"path\": \"/usr/lib/libstdc++.so.6\", \"soname\": \"libstdc++.so.6\", \"version_defs\": [\"GLIBCXX_3.4.28\"]}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "missing-symbol-version", "\"packages\": [\"ext==1\"], \"libraries\": [{\"path\": \"ext/_C.so\", \"owner\": \"ext\", \"version_needs\": {\"libstdc++.so.6\": [\"GLIBCXX_3.4.28\"]}}, {\"path\": \"/usr/lib/libstdc++.so.6\", \"soname\": \"libstdc++.so.6\", \"version_defs\": [\"GLIBCXX_3.4.28\"]}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "mixed-cuda-majors", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.9.1\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"13.0\"}}, {\"name\": \"vllm\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": null, \"evidence\": [{\"value\": \"12\", \"from\": \"needed\", \"detail\": \"libcudart.so.12\"}]}}]", "\"driver\": \"580.65.06\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "mixed-cuda-majors", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.9.1\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": \"12.8\"}}, {\"name\": \"vllm\", \"gpu\": {\"vendor\": \"cuda\", \"cuda\": null, \"evidence\": [{\"value\": \"12\", \"from\": \"needed\", \"detail\": \"libcudart.so.12\"}]}}]", "\"driver\": \"580.65.06\"", ANSWER_PASS, 0 },
	{ "pinned-version-mismatch", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.5.1+cu124\", \"requires\": [\"nvidia-cudnn-cu12==9.1.0.70\"]}, \"nvidia-cudnn-cu12==8.9.2.26\"]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "pinned-version-mismatch", "\"packages\": [{\"name\": \"torch\", \"version\": \"2.5.1+cu124\", \"requires\": [\"nvidia-cudnn-cu12==9.1.0.70\"]}, \"nvidia-cudnn-cu12==9.5.0.50\"]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "shadowed-library", "\"env\": {\"LD_LIBRARY_PATH\": \"/usr/local/cuda/lib64\"}, \"packages\": [\"nvidia-cudnn-cu12==9.1.0.70\"], \"libraries\": [{\"path\": \"nvidia/cudnn/lib/libcudnn.so.9\", \"owner\": \"nvidia-cudnn-cu12\", \"soname\": \"libcudnn.so.9\", \"version\": \"9.1.0.70\"}, {\"path\": \"/usr/local/cuda/lib64/libcudnn.so.9\", \"soname\": \"libcudnn.so.9\", \"version\": \"9.0.0\"}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "shadowed-library", "\"env\": {}, \"packages\": [\"nvidia-cudnn-cu12==9.1.0.70\"], \"libraries\": [{\"path\": \"nvidia/cudnn/lib/libcudnn.so.9\", \"owner\": \"nvidia-cudnn-cu12\", \"soname\": \"libcudnn.so.9\", \"version\": \"9.1.0.70\"}, {\"path\": \"/usr/local/cuda/lib64/libcudnn.so.9\", \"soname\": \"libcudnn.so.9\", \"version\": \"9.0.0\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "undefined-symbol", "\"packages\": [\"ext==1\"], \"libraries\": [{\"path\": \"ext/_C.so\", \"owner\": \"ext\", \"undefined\": [\"_ZN3c104cuda9SetDeviceEi\"]}]", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_ERROR },
	{ "undefined-symbol", "\"packages\": [\"ext==1\"], \"libraries\": [{\"path\": \"ext/_C.so\", \"owner\": \"ext\", \"undefined\": []}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
	{ "runtime-compiler-missing", "\"kind\": \"image\", \"complete\": true, \"packages\": [\"triton==3.1.0\"], \"compilers\": []", "\"driver\": \"550.54.15\"", ANSWER_FAIL, LEVEL_WARNING },
	{ "runtime-compiler-missing", "\"kind\": \"image\", \"complete\": true, \"packages\": [\"triton==3.1.0\"], \"compilers\": [{\"path\": \"/usr/bin/gcc\", \"tool\": \"cc\"}]", "\"driver\": \"550.54.15\"", ANSWER_PASS, 0 },
};

static json_t *object(const char *head, const char *members)
{
	char text[4096];
	assert_true((size_t)snprintf(text, sizeof(text), "{%s%s}", head, members) < sizeof(text));
	struct err err = ERR_INIT;
	json_t *o = json_parse(SPAN_STR(text), "row", &err);
	if (!o)
		fail_msg("%s\n%s", err.text, text);
	return o;
}

/* Judges a row; the caller clears all three. */
static void judge(const struct row *row, struct inventory **inv, struct host *host, struct arena *a, struct result *res)
{
	struct err err = ERR_INIT;
	bool kind = strstr(row->target, "\"kind\"") != NULL;
	json_t *t = object(kind ? "\"name\": \"t\", " : "\"name\": \"t\", \"kind\": \"declaration\", ", row->target), *h = object("", row->host);
	*inv = inventory_read(t, &err);
	if (!*inv || host_read_json(h, "h", host, a, &err) < 0)
		fail_msg("%s: %s", row->rule, err.text);
	struct derive_options d = { 0 };
	struct check_options o = { 0 };
	assert_int_equal(derive_target(*inv, matrix_builtin(), &d, &err), 0);
	assert_int_equal(check_run(*inv, host, matrix_builtin(), &o, res, &err), 0);
	json_decref(t);
	json_decref(h);
}

static void each_rule_fires_and_stays_silent(void **state)
{
	(void)state;
	size_t bad = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct inventory *inv;
		struct host host;
		struct arena a = ARENA_INIT;
		struct result res;
		judge(&rows[i], &inv, &host, &a, &res);
		enum answer got = ANSWER_PASS;
		enum level level = LEVEL_NOTE;
		for (size_t k = 0; k < res.findings.n; k++) {
			const struct finding *f = &res.findings.v[k];
			if (!str_eq(f->rule->id, rows[i].rule) || f->answer < got || f->answer == ANSWER_PASS)
				continue;
			level = f->answer > got || f->level > level ? f->level : level;
			got = f->answer;
			assert_non_null(f->message);
			if (f->answer == ANSWER_UNKNOWN)
				assert_non_null(f->missing);
		}
		if (got != rows[i].answer || (got == ANSWER_FAIL && level != rows[i].level)) {
			print_error("row %zu, %s: %s %s; target %s; host %s\n", i, rows[i].rule, answer_name(got), level_name(level), rows[i].target, rows[i].host);
			bad++;
		}
		result_clear(&res);
		arena_clear(&a);
		inventory_free(inv);
	}
	assert_int_equal(bad, 0);
}

/* A rule without a row that fires and one that stays silent is a rule that nobody tested. */
static void no_rule_is_untested(void **state)
{
	(void)state;
	size_t n;
	const struct rule_info *const *all = rules_all(&n);
	for (size_t i = 0; i < n; i++) {
		bool fires = false, silent = false;
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++) {
			if (!str_eq(rows[k].rule, all[i]->id))
				continue;
			fires = fires || rows[k].answer == ANSWER_FAIL;
			silent = silent || rows[k].answer == ANSWER_PASS;
		}
		if (!fires || !silent)
			fail_msg("%s has no row that %s", all[i]->id, fires ? "stays silent" : "fires");
	}
}

/* Each rule is seen at the highest level that its row states, else the row claims what nothing shows. */
static void each_level_is_reached(void **state)
{
	(void)state;
	size_t n;
	const struct rule_info *const *all = rules_all(&n);
	for (size_t i = 0; i < n; i++) {
		bool reached = false;
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
			reached = reached || (str_eq(rows[k].rule, all[i]->id) && rows[k].answer == ANSWER_FAIL && rows[k].level == all[i]->level);
		if (!reached)
			fail_msg("%s is never seen at its level, %s", all[i]->id, level_name(all[i]->level));
	}
}

/* What the user would see: CUDA's codes, and something where a rule says that a program fails. */
static void errors_are_told(void **state)
{
	(void)state;
	static const struct { const char *rule; int code; } codes[] = {
		{ "driver-too-old", 35 }, { "ptx-too-new", 222 }, { "runtime-ptx-too-new", 222 }, { "compat-gpu-unsupported", 804 },
		{ "compat-older-than-driver", 803 }, { "compat-branch-unsupported", 803 }, { "no-kernel-image", 209 }, { "stub-on-path", 34 },
		{ "gpu-dropped-by-driver", 100 }, { "gpu-too-new-for-driver", 100 }, { "library-lacks-gpu", 209 },
	};
	size_t bad = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct inventory *inv;
		struct host host;
		struct arena a = ARENA_INIT;
		struct result res;
		judge(&rows[i], &inv, &host, &a, &res);
		for (size_t k = 0; k < res.findings.n; k++) {
			const struct finding *f = &res.findings.v[k];
			if (!str_eq(f->rule->id, rows[i].rule) || f->answer == ANSWER_PASS)
				continue;
			int want = 0;
			for (size_t c = 0; c < sizeof(codes) / sizeof(*codes); c++)
				want = str_eq(codes[c].rule, f->rule->id) ? codes[c].code : want;
			if (f->answer == ANSWER_FAIL && want && f->error.code != want && f->error.code)
				bad += (size_t)(print_error("row %zu, %s: error %d, not %d\n", i, f->rule->id, f->error.code, want), 1);
			if (f->answer == ANSWER_FAIL && f->level == LEVEL_ERROR && !f->error.text && !f->error.name && !str_eq(f->rule->id, "known-bad-version"))
				bad += (size_t)(print_error("row %zu, %s: %s: nobody knows what the user sees\n", i, f->rule->id, f->message), 1);
			/* who is told that a fact is missing is told how to get it */
			if (f->answer == ANSWER_UNKNOWN && f->level == LEVEL_ERROR && (!f->missing || !f->remedies.n))
				bad += (size_t)(print_error("row %zu, %s: %s: not how to find out\n", i, f->rule->id, f->message), 1);
		}
		result_clear(&res);
		arena_clear(&a);
		inventory_free(inv);
	}
	assert_int_equal(bad, 0);
}

/* What is saved and read again is judged alike. */
static void saved_is_judged_as_live(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct inventory *inv;
		struct host host;
		struct arena a = ARENA_INIT;
		struct result one, two;
		struct err err = ERR_INIT;
		judge(&rows[i], &inv, &host, &a, &one);
		struct buf text = BUF_INIT(1 << 20);
		struct json_out j = { .buf = &text };
		inventory_write(inv, false, &j);
		json_t *o = json_parse((struct span){ (unsigned char *)text.p, text.n }, "saved", &err);
		assert_non_null(o);
		struct inventory *again = inventory_read(o, &err);
		if (!again)
			fail_msg("%s: %s", rows[i].rule, err.text);
		struct derive_options d = { 0 };
		struct check_options options = { 0 };
		assert_int_equal(derive_target(again, matrix_builtin(), &d, &err), 0);
		assert_int_equal(check_run(again, &host, matrix_builtin(), &options, &two, &err), 0);
		if (one.verdict != two.verdict || one.findings.n != two.findings.n)
			fail_msg("row %zu, %s: live %s with %zu findings, saved %s with %zu", i, rows[i].rule, verdict_name(one.verdict), one.findings.n,
				 verdict_name(two.verdict), two.findings.n);
		result_clear(&one);
		result_clear(&two);
		inventory_free(inv);
		inventory_free(again);
		json_decref(o);
		buf_clear(&text);
		arena_clear(&a);
	}
}

/* Does the finding's rule still fail at its level? */
static bool still_fails(const struct inventory *inv, const struct host *host, const struct finding *x)
{
	struct check_options o = { .no_remedies = true };
	struct result res;
	struct err err = ERR_INIT;
	bool fails = false;
	assert_int_equal(check_run(inv, host, matrix_builtin(), &o, &res, &err), 0);
	for (size_t i = 0; i < res.findings.n; i++)
		fails = fails || (res.findings.v[i].rule == x->rule && res.findings.v[i].answer == ANSWER_FAIL && res.findings.v[i].level >= x->level);
	result_clear(&res);
	return fails;
}

/* Applies a remedy by its text: what a reader would do. false where this test cannot. */
static bool apply(const char *text, struct inventory *inv, struct host *host, struct arena *a)
{
	char name[64], value[256];
	struct err err = ERR_INIT;
	if (sscanf(text, "upgrade the host driver to %255s or newer", value) == 1 || sscanf(text, "install driver %255s on the host", value) == 1) {
		host->cuda = VER2_NONE;
		return host_set_driver(host, arena_str(a, value), a, &err) == 0;
	}
	value[0] = '\0';
	if (strchr(text + 4, ' ') || sscanf(text, "ENV %63[A-Z_]=%255s", name, value) < 1)
		return false;
	for (size_t i = 0; i < inv->env.n; i++)
		if (str_eq(inv->env.v[i].name, name)) {
			inv->env.v[i].value = arena_str(a, value);
			return true;
		}
	struct env_var v = { arena_str(a, name), arena_str(a, value) };
	return list_add(&inv->arena, &inv->env, v);
}

/* Every remedy is something to type, and one that says that it was checked does what it says. */
static void remedies_are_commands_and_work(void **state)
{
	(void)state;
	static const char *const advice[] = { "use ", "take ", "set ", "state ", "give ", "try ", "install a", "install the", "correct ", "inspect ", "do not " };
	size_t applied = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct inventory *inv;
		struct host host;
		struct arena a = ARENA_INIT;
		struct result res;
		judge(&rows[i], &inv, &host, &a, &res);
		for (size_t k = 0; k < res.findings.n; k++)
			for (size_t n = 0; n < res.findings.v[k].remedies.n; n++) {
				const struct remedy *r = &res.findings.v[k].remedies.v[n];
				for (size_t w = 0; w < sizeof(advice) / sizeof(*advice); w++)
					if (str_starts(r->text, advice[w]))
						fail_msg("%s: advice, no command: %s", res.findings.v[k].rule->id, r->text);
				struct inventory *copy;
				struct host other;
				struct result again;
				judge(&rows[i], &copy, &other, &a, &again);
				if (r->checked != REMEDY_UNTRIED && apply(r->text, copy, &other, &a)) {
					applied++;
					if (still_fails(copy, &other, &res.findings.v[k]))
						fail_msg("%s: does not help: %s", res.findings.v[k].rule->id, r->text);
				}
				result_clear(&again);
				inventory_free(copy);
			}
		result_clear(&res);
		arena_clear(&a);
		inventory_free(inv);
	}
	assert_true(applied > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_fires_and_stays_silent), cmocka_unit_test(no_rule_is_untested),
		cmocka_unit_test(each_level_is_reached), cmocka_unit_test(errors_are_told),
		cmocka_unit_test(saved_is_judged_as_live), cmocka_unit_test(remedies_are_commands_and_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
