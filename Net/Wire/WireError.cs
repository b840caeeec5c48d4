namespace Troupe.Net.Wire;

/// <summary>Why bytes are no packet of a protocol.</summary>
public enum WireError : byte
{
    /// <summary>They are one.</summary>
    None,

    /// <summary>Fewer bytes than the header, or than the header says.</summary>
    Truncated,

    /// <summary>A version this parser does not read.</summary>
    BadVersion,

    /// <summary>A length field that contradicts itself or the bytes.</summary>
    BadLength,

    /// <summary>The checksum is wrong.</summary>
    BadChecksum,

    /// <summary>An address that may not stand in its place.</summary>
    BadAddress,

    /// <summary>An option whose length is wrong.</summary>
    BadOption,

    /// <summary>A field with a value the specification does not allow.</summary>
    BadField,
}
