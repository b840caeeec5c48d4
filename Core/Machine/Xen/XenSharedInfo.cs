// xen/include/public/xen.h: struct shared_info and struct vcpu_info, in their 64-bit shape.
namespace Troupe.Core.Machine.Xen;

/// <summary>Where things are in the page that Xen shares with the domain.</summary>
public static unsafe class XenSharedInfo
{
    /// <summary>Event channels of the two-level interface.</summary>
    public const int Channels = 4096;

    /// <summary>Words of 64 bits in each of the two bit fields.</summary>
    public const int Words = Channels / 64;

    private const ulong PendingOffset = 32 * XenProcessorInfo.Size;
    private const ulong MaskOffset = PendingOffset + (Words * 8);
    private const ulong WallClockOffset = MaskOffset + (Words * 8);

    /// <summary>The word of pending channels; Xen sets bits, we clear them.</summary>
    public static ref long Pending(ulong page, int word) => ref *(long*)(page + PendingOffset + ((ulong)word * 8));

    /// <summary>The word of masked channels; only ours to write.</summary>
    public static ref long Mask(ulong page, int word) => ref *(long*)(page + MaskOffset + ((ulong)word * 8));

    /// <summary>The wall-clock time at the domain's time zero, under a version that is odd while Xen writes.</summary>
    /// <returns>False when Xen has not written it.</returns>
    public static bool ReadWallClock<TPhysical>(ulong page, ulong* seconds, uint* nanoseconds)
        where TPhysical : struct, IPhysicalMemory
    {
        ulong clock = page + WallClockOffset;
        uint version;
        do
        {
            version = TPhysical.Read32(clock);
            *seconds = TPhysical.Read32(clock + 4) | ((ulong)TPhysical.Read32(clock + 12) << 32);
            *nanoseconds = TPhysical.Read32(clock + 8);
        }
        while ((version & 1) != 0 || TPhysical.Read32(clock) != version);
        return *seconds != 0;
    }
}

/// <summary>Where things are in a processor's own record.</summary>
public static unsafe class XenProcessorInfo
{
    /// <summary>Bytes.</summary>
    public const int Size = 64;

    /// <summary>Where the time is: the record of <see cref="KvmClock{TPhysical, TRegisters, TCounter}"/>, whose format is Xen's.</summary>
    public const ulong TimeOffset = 32;

    private const ulong SelectorOffset = 8;

    /// <summary>Set by Xen when it interrupts; cleared before looking, so that what comes later interrupts anew.</summary>
    public static ref byte UpcallPending(ulong record) => ref *(byte*)record;

    /// <summary>A bit for each word of <see cref="XenSharedInfo.Pending"/> that has something for this processor.</summary>
    public static ref long Selector(ulong record) => ref *(long*)(record + SelectorOffset);
}
