# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Finds writable static data in objects.  Reads `readelf -SsW' of any number
# of them and prints `object: symbol in section' for each offence.
#
# Allowed, although the object's section is writable:
#	.data.rel.ro*	constants that hold addresses, read-only once relocated
#	set_vnet	the VNET variables' first values, copied to each vnet
#	set_*		linker sets: constant arrays of addresses, which are
#			writable only to the linker; their entries are known
#			by their names, __set_*
#	.tbss		curvnet, and nothing else

function bad_section(name)
{
	return (name !~ /^\.data\.rel\.ro/ && name != "set_vnet")
}

# A section without a symbol has data all the same.
function unnamed(	i)
{
	for (i in section)
		if (!(i in named))
			print file ": writable data in " section[i]
}

/^File: / {
	unnamed()
	file = $2
	sub(/.*\/obj\//, "", file)
	delete section
	delete named
	next
}

# [ 4] .data PROGBITS 0000000000000000 000058 000004 00 WA 0 0 4
/^ *\[ *[0-9]+\] / {
	line = $0
	gsub(/[][]/, " ", line)
	n = split(line, w, " ")
	# Without flags there is one word less: such a section is no matter.
	if (n >= 11 && w[8] ~ /W/ && w[8] ~ /A/ && w[6] !~ /^0+$/ &&
	    bad_section(w[2]))
		section[w[1]] = w[2]
	next
}

# 5: 0000000000000000 4 OBJECT LOCAL DEFAULT 4 name
$4 ~ /^(OBJECT|TLS|NOTYPE|COMMON)$/ && NF >= 8 {
	if ($7 != "COM" && !($7 in section))
		next
	sect = $7 == "COM" ? "common" : section[$7]
	if ($4 == "NOTYPE" && $3 == 0)
		next
	named[$7] = 1
	if (sect == ".tbss" && $8 == "curvnet")
		next
	if (sect ~ /^set_/ && $8 ~ /^__set_/)
		next
	print file ": writable " $8 " in " sect
}

END {
	unnamed()
}
