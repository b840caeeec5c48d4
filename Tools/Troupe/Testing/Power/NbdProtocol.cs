// NetworkBlockDevice, doc/proto.md: the numbers of the NBD protocol.
namespace Troupe.Tools.Testing.Power;

/// <summary>Numbers that both ends write, all big endian.</summary>
internal static class NbdProtocol
{
    public const ulong ServerMagic = 0x4E42444D41474943; // NBDMAGIC
    public const ulong OptionMagic = 0x49484156454F5054; // IHAVEOPT
    public const ulong OptionReplyMagic = 0x0003E889045565A9;
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;

    /// <summary>Handshake flags, of either side.</summary>
    public const ushort FixedNewstyle = 1, NoZeroes = 2;

    /// <summary>What an option's data may be long, and a request's: the strings and transfers that a server has to take.</summary>
    public const int LongestOption = 64 * 1024, LongestTransfer = 32 * 1024 * 1024;

    /// <summary>Zeroes behind the answer to NBD_OPT_EXPORT_NAME, unless both sides left them out.</summary>
    public const int ReservedZeroes = 124;
}

/// <summary>NBD_OPT_*.</summary>
internal enum NbdOption : uint
{
    ExportName = 1,
    Abort = 2,
    List = 3,
    Info = 6,
    Go = 7,
}

/// <summary>NBD_REP_*.</summary>
internal enum NbdOptionReply : uint
{
    Acknowledged = 1,
    Server = 2,
    Info = 3,
    Unsupported = 0x80000001,
    Invalid = 0x80000003,
}

/// <summary>NBD_INFO_*.</summary>
internal enum NbdInformation : ushort
{
    Export = 0,
    BlockSize = 3,
}

/// <summary>NBD_FLAG_*: what the export can do.</summary>
[Flags]
internal enum NbdTransmission : ushort
{
    HasFlags = 1,
    SendFlush = 4,
    SendForceUnitAccess = 8,
    SendTrim = 32,
}

/// <summary>NBD_CMD_*.</summary>
internal enum NbdCommand : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
}

/// <summary>NBD_CMD_FLAG_*.</summary>
[Flags]
internal enum NbdCommandFlags : ushort
{
    None = 0,
    ForceUnitAccess = 1,
}

/// <summary>NBD_E*: what became of a request.</summary>
internal enum NbdError : uint
{
    None = 0,
    Invalid = 22,
    NoSpace = 28,
}
