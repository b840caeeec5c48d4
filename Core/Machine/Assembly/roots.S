# The certificates that the program trusts, as text (RFC 7468), in the order in which TroupeRootCertificates names their files: the build writes
# root-certificates.inc, a line of .incbin for each, and none where the app names none. The kernel half serves them as a file (Core/Machine/ImageFile.cs), at
# Debian's place for them.

    .section .rodata.root_certificates, "a", @progbits
    .globl root_certificates
    .balign 8
root_certificates:
    .quad path, contents, contents_end - contents, 0
path:
    .asciz "/etc/ssl/certs/ca-certificates.crt"
contents:
    .include "root-certificates.inc"
contents_end:

    .section .note.GNU-stack, "", @progbits
