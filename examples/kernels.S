/*
 * A hand-made .nv_fatbin: what nvcc would leave in a library, with zeros for
 * kernels. One container; each entry is a 64-byte header and its payload.
 */
#define PAYLOAD 4096

	.macro entry kind, minor, major, arch
	.short \kind		/* 1 PTX, 2 cubin */
	.short 0x0101
	.long 64		/* header */
	.quad PAYLOAD
	.long 0, 0		/* not compressed, no options */
	.short \minor, \major	/* of PTX: its version */
	.long \arch
	.long 0, 0		/* no name */
	.quad 0x11		/* 64 bit, Linux */
	.quad 0, 0
	.fill PAYLOAD, 1, 0
	.endm

	.section .nv_fatbin, "a"
	.balign 8
	.long 0xba55ed50
	.short 1, 16
	.quad 2f - 1f
1:
	entry 2, 7, 1, 50
	entry 2, 7, 1, 60
	entry 2, 7, 1, 70
	entry 2, 7, 1, 75
	entry 2, 7, 1, 80
	entry 2, 7, 1, 86
	entry 2, 7, 1, 90
2:
	.section .note.GNU-stack, "", %progbits
