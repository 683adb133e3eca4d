# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# What others make of recordings.  The files are written by a case of
# capture_test: TCP over IPv4 and IPv6, whose checksums were left to the
# interface, seen on their way out of one host and into another, and by lo0.

record()
{
	atf_check -o ignore -e ignore \
	    "$STACKYARD_TESTDIR/capture_test" -s "$STACKYARD_TESTDIR" \
	    write_files
}

atf_test_case tcpdump
tcpdump_head()
{
	atf_set require.progs tcpdump
}
tcpdump_body()
{
	record
	for f in ether raw; do
		atf_check -o save:text -e ignore tcpdump -nvvr $f.pcapng
		atf_check -o inline:'4\n' grep -c 'cksum 0x.* (correct)' text
		atf_check -s exit:1 grep -e incorrect -e 'bad cksum' text
	done
	atf_check -o inline:'2\n' grep -c 'length 79$' text
	atf_check -o inline:'2\n' grep -c 'length 80$' text
}

fields()
{
	atf_check -o save:fields -e ignore tshark -r $1.pcapng \
	    -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
	    -T fields -E separator=' ' -e frame.interface_name \
	    -e frame.time_epoch -e frame.packet_flags_direction \
	    -e tcp.checksum.status -e ip.checksum.status -e tcp.len
}

atf_test_case tshark
tshark_head()
{
	atf_set require.progs tshark
}
tshark_body()
{
	record
	fields ether
	cat >want <<'END'
a:epair0a 1700000001.000000000 0x00000002 1 1 77
a:epair0a 1700000001.000000000 0x00000002 1  78
b:epair0b 1700000001.123456789 0x00000001 1 1 77
b:epair0b 1700000001.123456789 0x00000001 1  78
END
	atf_check -o file:want cat fields
	fields raw
	cat >want <<'END'
lo0 1700000001.000000000 0x00000002 1 1 79
lo0 1700000001.000000000 0x00000002 1  80
lo0 1700000001.000000000 0x00000001 1 1 79
lo0 1700000001.000000000 0x00000001 1  80
END
	atf_check -o file:want cat fields
}

atf_init_test_cases()
{
	atf_add_test_case tcpdump
	atf_add_test_case tshark
}
