#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# check.sh BUILDDIR [PATTERN ...]: run the tests of a build and say what
# failed, with its output, then one line of counts.  Succeeds when nothing
# failed.  The patterns are Kyua's: `sys/kern', `sys/kern/callout_test:order'.
#
# Kyua hands the environment on to tests, so it is given a small one: a test
# must not depend on what the person at the keyboard has set.

set -u
build=$1
shift
dir=$build/check
jobs=${CHECK_JOBS:-2}

rm -rf "$dir"
mkdir -p "$dir"

kyua()
{
	env -i PATH="$PATH:/usr/sbin:/sbin" HOME="$dir" TERM="${TERM:-dumb}" \
	    TMPDIR="${TMPDIR:-/tmp}" \
	    ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
	    TSAN_OPTIONS="${TSAN_OPTIONS:-}" \
	    UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}" \
	    kyua --logfile="$dir/kyua.log" -c none -v parallelism="$jobs" "$@"
}

kyua test -k "$build/tests/Kyuafile" -r "$dir/results.db" "$@" \
    >"$dir/run.out" 2>"$dir/run.err"
status=$?

if ! kyua report -r "$dir/results.db" >"$dir/summary" 2>>"$dir/run.err"; then
	cat "$dir/run.err" >&2
	exit 2
fi

# What failed: name and reason, then what it wrote.
kyua report -r "$dir/results.db" --verbose \
    --results-filter=broken,failed 2>/dev/null | awk '
	/^===> (Execution context|Summary)$/	{ show = 0; next }
	/^===> (Broken|Failed) tests$/		{ show = 0; next }
	/^===> .*:/		{ show = 1; meta = 0; name = substr($0, 6); next }
	!show			{ next }
	/^Result: /		{ sub(/^Result: +/, ""); print name ": " $0; next }
	/^(Start time|End time|Duration): /	{ next }
	/^Metadata:$/		{ meta = 1; next }
	/^Standard (output|error):$/		{ meta = 0; next }
	meta || /^$/		{ next }
	/^Files left in work directory/		{ next }
				{ print "    " $0 }' >"$dir/failures"
cat "$dir/failures"

awk -v status="$status" '
	/^Test cases: / {
		n = split(substr($0, 13), part, /, */)
		for (i = 1; i <= n; i++) {
			split(part[i], w, " ")
			count[w[2]] = w[1]
		}
	}
	END {
		failed = count["failed"] + count["broken"]
		printf("%d passed, %d failed, %d skipped\n",
		    count["total"] - failed - count["skipped"], failed,
		    count["skipped"])
		exit (failed > 0 || status > 0 || count["total"] == 0)
	}' "$dir/summary" && exit 0
[ -s "$dir/failures" ] || cat "$dir/run.err" >&2
exit 1
