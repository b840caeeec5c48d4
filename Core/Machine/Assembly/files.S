# Read-only files of the app (TroupeAsset), each as it is: the build writes image-files.inc, a line of "file" for each, and none where the app has none.
# The table is what Core/Machine/ImageFile.cs reads; the kernel half serves the files below /assets (Smp/Kernel/Files).

    .macro file path, modified, source
    .pushsection .rodata.image_file_names, "a", @progbits
1:  .asciz "/assets/\path"
    .popsection
    .pushsection .rodata.image_file_contents, "a", @progbits
2:  .incbin "\source"
3:
    .popsection
    .quad 1b, 2b, 3b - 2b, \modified
    .endm

    .section .rodata.image_files, "a", @progbits
    .balign 8
    .globl image_files, image_files_end
image_files:
    .include "image-files.inc"
image_files_end:

    .section .note.GNU-stack, "", @progbits
