#!/bin/sh
# Lets Cargo build the program alone, without the sources of tests, benches and the other members of the workspace: for
# the Dockerfile, in a folder that has their manifests.
#
# Takes the targets out of every manifest but that of data, whose source is there, and writes empty ones in their place.
set -eu
for manifest in Cargo.toml */*/Cargo.toml */*/*/Cargo.toml */*/*/*/Cargo.toml; do
    [ -e "$manifest" ] || continue
    awk '/^\[/ { target = /^\[\[(bin|bench|example|test)\]\]/ || /^\[lib\]/ } !target && !/^default-run/' "$manifest" >manifest
    mv manifest "$manifest"
    source=$(dirname "$manifest")/src
    mkdir -p "$source"
    touch "$source/lib.rs"
done
echo 'fn main() {}' >src/main.rs
