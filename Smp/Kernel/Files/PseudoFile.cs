namespace Troupe.Smp.Kernel.Files;

/// <summary>What stands behind a descriptor: the few files that the runtime and the C library open.</summary>
internal enum PseudoFile
{
    /// <summary>No such file.</summary>
    None = 0,

    /// <summary>Standard input, output and error.</summary>
    Console,

    /// <summary>/dev/urandom and /dev/random.</summary>
    Random,

    /// <summary>/dev/null.</summary>
    Null,

    /// <summary>A directory: <c>/</c>, and those of the image's files.</summary>
    Directory,

    /// <summary>Text made when the file was opened.</summary>
    Text,

    /// <summary>A file that lies in the image: the certificates that the program trusts, and what the app has put in.</summary>
    Image,

    /// <summary>The read end of a pipe.</summary>
    PipeReader,

    /// <summary>The write end of a pipe.</summary>
    PipeWriter,
}
