#!/bin/sh
# A declaration whose names would be markup, commands or another reading direction if a report let them.
printf '%s\n' '{"schema": "envcheck.inventory/1", "targets": [{"name": "<img src=x onerror=alert(1)>", "kind": "declaration", "describes": "image",
 "platform": {"os": "linux", "arch": "amd64"}, "env": {"NVIDIA_REQUIRE_CUDA": "cuda>=99 <script>alert(1)</script>"},
 "packages": ["torch==2.5.1+cu124", {"name": "\"><script>alert(2)</script>", "version": "1\u202e&amp;</style>\ufffe", "path": "/a/<b>x</b>]]>",
  "gpu": {"vendor": "cuda", "cuda": "12.9"}}]}]}'
