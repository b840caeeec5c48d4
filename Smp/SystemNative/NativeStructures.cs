// dotnet/runtime's src/native/libs/System.Native/pal_networking.h, pal_io.h and pal_interfaceaddresses.h: structures in the layout of the C compiler.
namespace Troupe.Smp.SystemNative;

internal unsafe struct NativeMessage
{
    public byte* Address;
    public NativeVector* Vectors;
    public byte* Control;
    public int AddressLength;
    public int VectorCount;
    public int ControlLength;
    public int Flags;
}

internal unsafe struct NativeVector
{
    public byte* Base;
    public nuint Count;
}

internal struct NativeSocketEvent
{
    public nint Data;
    public int Events;
    public uint Padding;
}

internal struct NativePollEvent
{
    public int Descriptor;
    public short Events;
    public short Triggered;
}

internal struct NativeLinger
{
    public int On;
    public int Seconds;
}

internal unsafe struct NativeAddress
{
    public fixed byte Bytes[16];
    public uint IsIpv6;
    public uint Scope;
}

internal struct NativePacketInformation
{
    public NativeAddress Address;
    public int Interface;
    public int Padding;
}

// Addresses in the order of the network.
internal struct NativeGroupOption
{
    public uint Group;
    public uint Local;
    public int Interface;
    public int Padding;
}

internal struct NativeGroupOptionV6
{
    public NativeAddress Group;
    public int Interface;
    public int Padding;
}

internal unsafe struct NativeHostEntry
{
    public byte* CanonicalName;
    public byte** Aliases;
    public NativeAddress* Addresses;
    public int AddressCount;
}

internal struct NativeFileStatus
{
    // FILESTATUS_FLAGS_HAS_BIRTHTIME.
    public const int HasBirthTime = 1;

    public int Flags;
    public int Mode;
    public uint User;
    public uint Group;
    public long Size;
    public long AccessTime;
    public long AccessTimeNanoseconds;
    public long ModificationTime;
    public long ModificationTimeNanoseconds;
    public long ChangeTime;
    public long ChangeTimeNanoseconds;
    public long BirthTime;
    public long BirthTimeNanoseconds;
    public long Device;
    public long SpecialDevice;
    public long Inode;
    public uint UserFlags;
}

// TimeSpec.
internal struct NativeTime
{
    public long Seconds;
    public long Nanoseconds;

    public readonly DateTimeOffset ToDate() => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanoseconds / TimeSpan.NanosecondsPerTick);
}

internal unsafe struct NativeDirectoryEntry
{
    public byte* Name;
    public int NameLength;
    public int Kind;
}

internal struct NativeSpace
{
    public ulong Available;
    public ulong Free;
    public ulong Total;
}

internal unsafe struct NativeInterface
{
    // 8 in the runtime of .NET 10, whatever its main branch says: with more, the class library finds the second interface at the wrong place.
    public const int LongestAddress = 8;

    public fixed byte Name[16];
    public long Speed;
    public uint Index;
    public int MaximumTransmissionUnit;
    public ushort HardwareType;
    public byte State;
    public byte AddressLength;
    public fixed byte Address[LongestAddress];
    public byte SupportsMulticast;
    public fixed byte Padding[3];
}

internal unsafe struct NativeInterfaceAddress
{
    public uint Index;
    public fixed byte Bytes[16];
    public byte Length;
    public byte PrefixLength;
    public fixed byte Padding[2];
}

internal unsafe struct NativeLinkAddress
{
    public uint Index;
    public fixed byte Bytes[NativeInterface.LongestAddress];
    public byte Length;
    public byte Padding;
    public ushort HardwareType;
}
