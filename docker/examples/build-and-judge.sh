#!/bin/sh
# Builds, judges what would be pushed (files, ENV, CMD: all of it), and gives the image its name only if it runs.
# usage: build-and-judge.sh NAME FOLDER [arguments of docker build]
set -eu
name=$1 folder=$2
shift 2
docker build -q -t "$name-candidate" "$@" "$folder" >/dev/null
docker save "$name-candidate" | envcheck - --host "$folder/hosts"
docker tag "$name-candidate" "$name"
