/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A variable of each type that sysctl(8) shows or sets, beneath types.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/module.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/vnet.h>

SYSCTL_ROOT_NODE(OID_AUTO, types, CTLFLAG_RW, NULL, "One of each");

#define	NUMBER(type, macro, name, value)				\
VNET_DEFINE_STATIC(type, t_##name) = value;				\
SYSCTL_##macro(_types, OID_AUTO, name, CTLFLAG_VNET | CTLFLAG_RW,	\
    &VNET_NAME(t_##name), 0, "A variable of type " #name)

NUMBER(uint8_t, U8, u8, 200);
NUMBER(uint16_t, U16, u16, 60000);
NUMBER(uint32_t, U32, u32, 4000000000);
NUMBER(uint64_t, U64, u64, 18000000000000000000U);
NUMBER(int, INT, int, -5);
NUMBER(u_int, UINT, uint, 3000000000);
NUMBER(long, LONG, long, -5000000000);
NUMBER(u_long, ULONG, ulong, 5000000000);

VNET_DEFINE_STATIC(int8_t, t_s8) = -100;
SYSCTL_OID(_types, OID_AUTO, s8, CTLTYPE_S8 | CTLFLAG_RW,
    &VNET_NAME(t_s8), 0, sysctl_handle_8, "C", "Signed, 8 bits");
VNET_DEFINE_STATIC(int16_t, t_s16) = -30000;
SYSCTL_OID(_types, OID_AUTO, s16, CTLTYPE_S16 | CTLFLAG_RW,
    &VNET_NAME(t_s16), 0, sysctl_handle_16, "S", "Signed, 16 bits");
VNET_DEFINE_STATIC(int32_t, t_s32) = -2000000000;
SYSCTL_OID(_types, OID_AUTO, s32, CTLTYPE_S32 | CTLFLAG_RW,
    &VNET_NAME(t_s32), 0, sysctl_handle_32, "I", "Signed, 32 bits");
VNET_DEFINE_STATIC(int64_t, t_s64) = -9000000000000000000;
SYSCTL_OID(_types, OID_AUTO, s64, CTLTYPE_S64 | CTLFLAG_RW,
    &VNET_NAME(t_s64), 0, sysctl_handle_64, "Q", "Signed, 64 bits");

VNET_DEFINE_STATIC(int, t_list[3]) = { 1, 2, 3 };
SYSCTL_OID(_types, OID_AUTO, list, CTLTYPE_INT | CTLFLAG_RW,
    &VNET_NAME(t_list), sizeof(int[3]), sysctl_handle_opaque, "I",
    "Three numbers");
VNET_DEFINE_STATIC(char, t_string[16]) = "some text";
SYSCTL_STRING(_types, OID_AUTO, string, CTLFLAG_RW, &VNET_NAME(t_string),
    sizeof(char[16]), "Text");
VNET_DEFINE_STATIC(int64_t, t_time[2]) = { 86400, 7 };
SYSCTL_OPAQUE(_types, OID_AUTO, time, CTLFLAG_RD, &VNET_NAME(t_time),
    sizeof(int64_t[2]), "S,timeval", "A time");
VNET_DEFINE_STATIC(uint8_t, t_opaque[20]) = { 1, 2, 3, 0xff };
SYSCTL_OPAQUE(_types, OID_AUTO, opaque, CTLFLAG_RD, &VNET_NAME(t_opaque),
    sizeof(uint8_t[20]), "S,unheard", "A structure nobody knows");
VNET_DEFINE_STATIC(int, t_hidden) = 9;
SYSCTL_INT(_types, OID_AUTO, hidden, CTLFLAG_RW | CTLFLAG_SKIP,
    &VNET_NAME(t_hidden), 0, "Hidden");
VNET_DEFINE_STATIC(int, t_writeonly) = 9;
SYSCTL_INT(_types, OID_AUTO, writeonly, CTLFLAG_WR,
    &VNET_NAME(t_writeonly), 0, "Write only");
VNET_DEFINE_STATIC(int, t_rdtun) = 4;
SYSCTL_INT(_types, OID_AUTO, rdtun, CTLFLAG_RDTUN, &VNET_NAME(t_rdtun), 0,
    "Set at the start only");

static int
types_modevent(module_t mod __unused, int type __unused, void *arg __unused)
{
	return (0);
}
static const moduledata_t types_module = { "types", types_modevent, NULL };
DECLARE_MODULE(types, types_module, SI_SUB_KLD, SI_ORDER_ANY);
