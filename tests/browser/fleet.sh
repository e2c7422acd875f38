#!/bin/sh
# A fleet: N declared images and M hosts, of different kinds. usage: fleet.sh N M FOLDER
set -eu
mkdir -p "$3"
awk -v n="$1" -v m="$2" -v dir="$3" 'BEGIN {
	split("2.9.1+cu128 2.9.1+cu130 2.5.1+cu124 2.5.1+cu118 1.13.1+cu117 2.7.1+cu126 2.5.1+cpu", torch)
	split("team-a/serving team-b/training platform/notebook vision/batch speech/online", names)
	split("NVIDIA H100 80GB HBM3|NVIDIA A100-SXM4-80GB|Tesla T4|NVIDIA L4|NVIDIA B200|Tesla V100-SXM2-32GB|NVIDIA GeForce RTX 5090|Tesla K80", gpus, "|")
	split("580.82.07 550.54.15 535.129.03 470.82.01 570.86.16 525.60.13 418.67", drivers)
	file = dir "/targets.json"
	print "{\"schema\": \"envcheck.inventory/1\", \"targets\": [" >file
	for (i = 1; i <= n; i++)
		printf "%s{\"name\": \"registry.example.com/%s:%d.%d\", \"kind\": \"declaration\", \"describes\": \"image\", \"platform\": {\"os\": \"linux\", \"arch\": \"amd64\"}, \"env\": {\"NVIDIA_VISIBLE_DEVICES\": \"all\"%s}, \"packages\": [\"torch==%s\"%s]}\n",
			(i > 1 ? "," : ""), names[i % 5 + 1], i, i % 7, (i % 9 == 0 ? ", \"NVIDIA_DRIVER_CAPABILITIES\": \"utility\"" : ""), torch[i % 7 + 1],
			(i % 4 == 0 ? ", \"flash-attn==2.6.3+cu123torch2.4cxx11abiFALSE\"" : "") >file
	print "]}" >file
	file = dir "/hosts.json"
	print "[" >file
	for (i = 1; i <= m; i++)
		printf "%s{\"schema\": \"envcheck.host/1\", \"name\": \"site%d-gpu%02d\", \"os\": \"linux\", \"arch\": \"amd64\", \"driver\": \"%s\", \"gpus\": [{\"name\": \"%s\", \"count\": %d}], \"runtime\": \"legacy\"}\n",
			(i > 1 ? "," : ""), i % 3 + 1, i, drivers[i % 7 + 1], gpus[i % 8 + 1], (i % 2 ? 8 : 4) >file
	print "]" >file
}'
