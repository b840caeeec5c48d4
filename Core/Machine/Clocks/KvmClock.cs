namespace Troupe.Core.Machine;

/// <summary>
/// KVM's paravirtual clock, pvclock ABI (Linux: Documentation/virt/kvm/x86/msr.rst and arch/x86/include/asm/pvclock-abi.h):
/// for each processor the host keeps a point in time and a scale for the TSC in guest memory, versioned like a seqlock.
/// </summary>
public static unsafe class KvmClock<TPhysical, TRegisters, TCounter>
    where TPhysical : struct, IPhysicalMemory
    where TRegisters : struct, IModelSpecificRegisters
    where TCounter : struct, ITimeStampCounter
{
    /// <summary>Bytes of memory for the clock, on a page boundary: a cache line for each processor.</summary>
    public const ulong MemorySize = IProcessors.Maximum * BytesPerProcessor;

    private const ulong BytesPerProcessor = 64;
    private const uint WallClockRegister = 0x4B56_4D00; // MSR_KVM_WALL_CLOCK_NEW
    private const uint SystemTimeRegister = 0x4B56_4D01; // MSR_KVM_SYSTEM_TIME_NEW
    private const uint FeatureLeaf = 1; // from the hypervisor's base
    private const uint ClockSourceFeature = 1 << 3; // KVM_FEATURE_CLOCKSOURCE2
    private const ulong Enabled = 1;

    // struct pvclock_vcpu_time_info
    private const ulong TimeStampOffset = 8;
    private const ulong SystemTimeOffset = 16;
    private const ulong MultiplierOffset = 24;
    private const ulong ShiftOffset = 28;
    private const ulong FlagsOffset = 29;
    private const byte StableFlag = 1; // PVCLOCK_TSC_STABLE_BIT: the same time on every processor

    private static ulong _memory;

    /// <summary>Whether the host offers the clock.</summary>
    public static bool IsOffered<TCpuid>(CpuFeatures* features)
        where TCpuid : struct, ICpuid
    {
        if (features->Hypervisor != Hypervisor.Kvm)
            return false;
        CpuidResult leaf;
        TCpuid.Query(features->HypervisorBaseLeaf + FeatureLeaf, 0, &leaf);
        return (leaf.Eax & ClockSourceFeature) != 0;
    }

    /// <summary>Gives the clock its memory: zeroed, page-aligned, never moved or freed.</summary>
    public static void Initialize(ulong physicalAddress) => _memory = physicalAddress;

    /// <summary>Tells the host where this processor's time goes. Call on each processor.</summary>
    public static void Enable(int processor) => TRegisters.Write(SystemTimeRegister, Record(processor) | Enabled);

    /// <summary>Whether the host promises that all processors see one monotonic time.</summary>
    public static bool IsStable(int processor) => (TPhysical.Read8(Record(processor) + FlagsOffset) & StableFlag) != 0;

    /// <summary>The TSC's frequency, by the scale that the host uses; 0 before the clock is enabled.</summary>
    public static ulong Frequency(int processor)
    {
        uint multiplier = TPhysical.Read32(Record(processor) + MultiplierOffset);
        int shift = (sbyte)TPhysical.Read8(Record(processor) + ShiftOffset);
        if (multiplier == 0 || shift is < -31 or > 31)
            return 0;
        ulong frequency = (ClockScale.NanosecondsPerSecond << 32) / multiplier;
        return shift < 0 ? frequency << -shift : frequency >> shift;
    }

    /// <summary>Nanoseconds since the guest started. Call with the calling processor's index.</summary>
    public static ulong Now(int processor)
    {
        ulong record = Record(processor);
        while (true)
        {
            uint version = TPhysical.Read32(record);
            ulong time = TCounter.ReadOrdered();
            ulong since = TPhysical.Read64(record + TimeStampOffset);
            ulong start = TPhysical.Read64(record + SystemTimeOffset);
            uint multiplier = TPhysical.Read32(record + MultiplierOffset);
            int shift = (sbyte)TPhysical.Read8(record + ShiftOffset);
            // Odd: the host is writing. Changed: it has written.
            if ((version & 1) != 0 || TPhysical.Read32(record) != version)
                continue;
            ulong delta = time >= since ? time - since : 0;
            return start + Scale(delta, multiplier, shift);
        }
    }

    /// <summary>The wall-clock time at which <see cref="Now"/> was zero.</summary>
    /// <param name="scratch">Physical address of 12 bytes, 4-aligned, zeroed; free again afterwards.</param>
    /// <param name="seconds">Seconds since 1970.</param>
    /// <param name="nanoseconds">And nanoseconds.</param>
    /// <returns>False when the host wrote nothing.</returns>
    public static bool ReadWallClock(ulong scratch, ulong* seconds, uint* nanoseconds)
    {
        TRegisters.Write(WallClockRegister, scratch); // the host fills the record during the write
        uint version;
        do
        {
            version = TPhysical.Read32(scratch);
            *seconds = TPhysical.Read32(scratch + 4);
            *nanoseconds = TPhysical.Read32(scratch + 8);
        }
        while ((version & 1) != 0 || TPhysical.Read32(scratch) != version);
        return *seconds != 0;
    }

    private static ulong Record(int processor) => _memory + ((uint)processor * BytesPerProcessor);

    private static ulong Scale(ulong delta, uint multiplier, int shift)
    {
        delta = shift < 0 ? delta >> -shift : delta << shift;
        return ((delta >> 32) * multiplier) + (((delta & uint.MaxValue) * multiplier) >> 32);
    }
}
