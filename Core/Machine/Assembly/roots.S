# The certificates that the program trusts, as text (RFC 7468), in the order in which TroupeRootCertificates names their files: the build writes
# root-certificates.inc, a line of .incbin for each, and none where the app names none. The kernel half serves them as a file (Smp/Kernel/Files).

    .section .rodata.root_certificates, "a", @progbits
    .globl root_certificates, root_certificates_end
root_certificates:
    .include "root-certificates.inc"
root_certificates_end:

    .section .note.GNU-stack, "", @progbits
