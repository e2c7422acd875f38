#!/bin/sh
# matrices/crosscheck: silent about the tables as they are; loud about a wrong number, about a reason without its
# disagreement, and about what a fresh copy says. Run by tests/run.sh.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 matrices/crosscheck >"$tmp/out" || { grep -A1 -B1 UNEXPLAINED "$tmp/out"; tail -1 "$tmp/out"; exit 1; }
cp -R matrices "$tmp/m"

says() { # what must stand in the output of a run that must fail
	if "$tmp/m/crosscheck" $2 >"$tmp/out"; then echo "no complaint: $1"; exit 1; fi
	grep -q "$1" "$tmp/out" || { echo "not said: $1"; tail -5 "$tmp/out"; exit 1; }
}

sed -i 's/525\.60\.13/525.60.11/' "$tmp/m/minor_version.json"
says 'uv: cu124 linux: 525.60.13; the tables: 525.60.11' ''
cp matrices/minor_version.json "$tmp/m"
sed -i 's/"what": \["Quadro M620"\]/"what": ["Quadro M620", "Tesla T4"]/' "$tmp/m/crosscheck.d/explained.json"
says 'Tesla T4: explained, but there is no such disagreement' ''
cp matrices/crosscheck.d/explained.json "$tmp/m/crosscheck.d"

cat >"$tmp/backend.rs" <<'EOF'
    [ (TorchBackend::Cu128, Version::new([525, 60, 13])), (TorchBackend::Cu111, Version::new([450, 80, 1])), ]
static WINDOWS_CUDA_VERSIONS: X = [ (TorchBackend::Cu128, Version::new([528, 33])), ]
EOF
says 'cu111 linux: 450.80.01; the tables: 450.80.02' "uv=$tmp/backend.rs"
cat >"$tmp/targets.def" <<'EOF'
NVPTX_GPU("sm_90a",  SM_90a,  "compute_90a",  900,  CUDA_118, NEW,      ACCELERATED)
NVPTX_GPU("sm_101",  SM_101,  "compute_101",  1010,  CUDA_128, CUDA_129, NONE)
EOF
says 'llvm: sm_90a first CUDA: 11.8; the tables: 12.0' "llvm=$tmp/targets.def"
cat >"$tmp/cuda.nix" <<'EOF'
        # a comment with "9.9" = {
        "8.9" = {
          archName = "Hopper";
          minCudaMajorMinorVersion = "11.8";
        };
EOF
says 'nixpkgs: 8.9 architecture: Hopper; the tables: Ada' "nixpkgs=$tmp/cuda.nix"
cat >"$tmp/RELEASE.md" <<'EOF'
| 2.9 | >=3.10, <=(3.14, 3.14t experimental) | C++17 | CUDA 12.6 (CUDNN 9.10.2.21), CUDA 12.8 (CUDNN 9.10.2.22) | CUDA 13.0 (CUDNN 9.13.0.50) | ROCm 6.4 |
| 2.4 | >=3.8, <=3.12 | C++17 | CUDA 11.8, CUDA 12.1, CUDNN 9.1.0.70  | CUDA 12.4, CUDNN 9.1.0.70 | ROCm 6.1 |

For Release 2.12, 2.13 and 2.14 PyTorch Supports following CUDA Architectures:

| CUDA | architectures supported for Linux x86 and Windows builds | notes |
| --- | --- | --- |
| 12.6.3 | Maxwell(5.0), Pascal(6.0), Hopper(9.0) | |
EOF
says 'torch 2.9 CUDA 12.8 cudnn: 9.10.2.22; the tables: 9.10.2.21' "pytorch=$tmp/RELEASE.md"
grep -q 'torch 2.13 CUDA 12.6 linux_x86_64 sm: sm_50 sm_60 sm_90; the tables' "$tmp/out"
echo '[{"Torch": "2.9.1+cu128", "Torchvision": "0.24.0+cu128", "Torchaudio": "2.9.1", "CUDA": "12.8"}]' >"$tmp/torch.json"
says 'cog: torch 2.9.1 torchvision: 0.24.0; the tables: 0.24.1' "--keep cog-torch=$tmp/torch.json"
says 'cog: torch 2.9.1 torchvision: 0.24.0; the tables: 0.24.1' ''
