# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Holds sources to the file `layers'.  Reads it, then any number of
#
#	*.d		the compiler's dependencies of an object: what a
#			source was found to include, by whatever way
#	*.c *.h		the sources themselves: what each one names, by line
#
# and prints one line for each offence.  Variables: top, the sources' top
# directory, with a slash at its end; and exists, a file that lists the
# headers under sys/ (as `netinet/tcp.h'), to tell ours from the host's.

# The longest prefix of file in the array a, or "".
function longest(a, file,	p, best)
{
	best = ""
	for (p in a)
		if (index(file, p) == 1 && length(p) > length(best))
			best = p
	return (best)
}

function layer(file,	p)
{
	p = longest(rank, file)
	return (p == "" ? -1 : rank[p])
}

# Is the header named allowed to file by the lines `host'?
function host_ok(file, name,	p)
{
	for (p in host)
		if (index(file, p) == 1 &&
		    (host[p] ~ /\*/ || index(host[p], " " name " ")))
			return (1)
	return (0)
}

function complain(what)
{
	if (!(what in said))
		print what
	said[what] = 1
}

BEGIN {
	while ((getline line < exists) > 0)
		ours[line] = 1
}

FILENAME ~ /layers$/ {
	sub(/#.*/, "")
	if ($1 ~ /^[0-9]+$/)
		rank[$2] = $1 + 0
	for (i = 3; i <= NF; i++) {
		if ($1 == "only")
			only[$2] = only[$2] " " $i " "
		if ($1 == "host")
			host[$2] = host[$2] " " $i " "
	}
	next
}

# A .d file: `object: source header ...', then a line `header:' for each.
FILENAME ~ /\.d$/ {
	if (FNR == 1)
		src = ""
	if ($0 ~ /:$/)
		next
	for (i = 1; i <= NF; i++) {
		f = $i
		if (f == "\\" || f ~ /:$/ || index(f, top) != 1)
			continue
		f = substr(f, length(top) + 1)
		if (src == "") {
			# An object may outlive its source.
			src = f
			mine = (getline line < $i) < 0 ? -1 : layer(src)
			close($i)
		} else if (mine >= 0 && layer(f) > mine)
			complain(src ": includes " f ", of a higher layer")
	}
	next
}

/^[ \t]*#[ \t]*include/ {
	src = substr(FILENAME, length(top) + 1)
	where = src ":" FNR ": "
	name = $0
	next_one = name ~ /include_next/
	quoted = name ~ /"/
	if (!sub(/^[^<"]*[<"]/, "", name) || !sub(/[>"].*/, "", name)) {
		complain(where "an #include that names no file")
		next
	}
	dir = src
	sub(/[^\/]*$/, "", dir)
	own = dir
	sub(/^sys\//, "", own)
	if (quoted)
		f = dir name
	else if (name in ours)
		f = "sys/" name
	else
		f = ""

	# The header of the same name behind ours is ours to include.
	if (next_one && src == "sys/" name)
		next
	if (f == "" || next_one) {
		if (index(src, "sys/") == 1 && !host_ok(src, name))
			complain(where "host header <" name ">")
		next
	}
	if (layer(src) >= 0 && layer(f) > layer(src))
		complain(where "includes " f ", of a higher layer")
	p = longest(only, src)
	if (p != "" && layer(src) == layer(p) && src ~ /\.[ch]$/ &&
	    index(only[p], " " name " ") == 0 && index(name, own) != 1 &&
	    !quoted)
		complain(where "includes " name \
		    ", which modules here do not see")
}
