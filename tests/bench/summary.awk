# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# From the targets and the raw figures (round, name, value, unit) to the file
# `out' (name, value, unit; the median under the plain name, and .min and
# .max) and to a table with what is to be reached.
#
# value[name, 1..n[name]] are the runs' in their order, sorted[] the same by
# size; a figure that was not measured has n 0.

BEGIN {
	FS = "\t"
	printf("%-54s %9s %9s %9s %-12s %7s %7s\n", "figure", "median",
	    "min", "max", "", "must", "aim")
}

/^#/ || /^$/ { next }

# The targets come first.
FNR == NR && /^ratio / {
	split($0, w, " ")
	ratios[++nratios] = w[2]
	over[w[2]] = w[4]
	under[w[2]] = w[6]
	next
}
FNR == NR {
	split($0, w, " ")
	sense[w[1]] = w[2]
	must[w[1]] = w[3]
	aim[w[1]] = w[4]
	instead[w[1]] = w[6]
	instead_must[w[1]] = w[7]
	next
}

{ take($2, $3, $4) }

function take(name, x, u)
{
	if (!(name in n)) {
		order[++nnames] = name
		n[name] = 0
	}
	unit[name] = u
	if (x != "absent")
		value[name, ++n[name]] = x + 0
}

function make_ratios(	i, j, a, b)
{
	for (i = 1; i <= nratios; i++) {
		a = over[ratios[i]]
		b = under[ratios[i]]
		if (!(a in n) || !(b in n))
			continue
		if (n[a] == 0 || n[b] == 0)
			take(ratios[i], "absent", "")
		for (j = 1; j <= n[a] && j <= n[b]; j++)
			if (value[b, j] > 0)
				take(ratios[i], value[a, j] / value[b, j],
				    "times")
	}
}

function sort(name,	i, j, x)
{
	for (i = 1; i <= n[name]; i++) {
		x = value[name, i]
		for (j = i - 1; j > 0 && sorted[j] > x; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = x
	}
}

function median(name,	m)
{
	sort(name)
	m = int((n[name] + 1) / 2)
	return (n[name] % 2 ? sorted[m] : (sorted[m] + sorted[m + 1]) / 2)
}

function reaches(name, target)
{
	if (sense[name] == ">=")
		return (middle[name] >= target)
	return (middle[name] <= target)
}

function verdict(name)
{
	if (!(name in sense))
		return ("")
	if (reaches(name, aim[name]))
		return ("aim reached")
	if (reaches(name, must[name]))
		return ("reached")
	if (instead[name] in middle &&
	    middle[instead[name]] >= instead_must[name])
		return ("reached by " instead[name])
	missed++
	return ("MISSED")
}

function number(x)
{
	return (sprintf(x >= 1000 ? "%.0f" : x >= 100 ? "%.1f" : "%.3g", x))
}

function row(name)
{
	if (n[name] == 0) {
		printf("%s\tabsent\t\n", name) >out
		printf("%-54s %9s\n", name, "absent")
		return
	}
	printf("%s\t%.6g\t%s\n", name, middle[name], unit[name]) >out
	printf("%s.min\t%.6g\t%s\n", name, least[name], unit[name]) >out
	printf("%s.max\t%.6g\t%s\n", name, most[name], unit[name]) >out
	printf("%-54s %9s %9s %9s %-12s %7s %7s %s\n", name,
	    number(middle[name]), number(least[name]), number(most[name]),
	    unit[name], must[name], aim[name], verdict(name))
}

# inmem_bulk of kernel.inmem_bulk.gbit_per_s.cubic
function group(name,	w)
{
	split(name, w, ".")
	return (w[1] ~ /^(lwip|kernel|ns3|relay)$/ ? w[2] : w[1])
}

END {
	make_ratios()
	for (i = 1; i <= nnames; i++)
		if (n[order[i]] > 0) {
			middle[order[i]] = median(order[i])
			least[order[i]] = sorted[1]
			most[order[i]] = sorted[n[order[i]]]
		}
	for (i = 1; i <= nnames; i++) {
		g = group(order[i])
		if (g in done)
			continue
		done[g] = 1
		for (j = i; j <= nnames; j++)
			if (group(order[j]) == g)
				row(order[j])
	}
	if (nnames == 0) {
		print "nothing was measured" >"/dev/stderr"
		exit (1)
	}
	if (missed > 0)
		printf("%d targets missed\n", missed)
}
