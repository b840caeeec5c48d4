// xen/include/public: xen.h (numbers of calls, domain ids), arch-x86/cpuid.h (leaves 2 and 4), hvm/hvm_op.h and hvm/params.h (parameters),
// memory.h (XENMEM_add_to_physmap), sched.h (SCHEDOP_yield, SCHEDOP_shutdown), vcpu.h (VCPUOP_register_vcpu_info).
using System.Runtime.InteropServices;

namespace Troupe.Core.Machine.Xen;

/// <summary>How a domain ends: SHUTDOWN_* of sched.h. What follows is the toolstack's to decide.</summary>
public enum XenShutdownReason : uint
{
    /// <summary>It is done.</summary>
    PowerOff = 0,

    /// <summary>It wants to start anew.</summary>
    Reboot = 1,

    /// <summary>It cannot go on.</summary>
    Crash = 3,
}

/// <summary>What the toolstack tells a domain by number: HVM_PARAM_* of hvm/params.h.</summary>
public enum XenParameter : uint
{
    /// <summary>Page number of the ring to xenstore.</summary>
    StorePage = 1,

    /// <summary>Event channel of that ring.</summary>
    StoreChannel = 2,

    /// <summary>Page number of the console's ring.</summary>
    ConsolePage = 17,

    /// <summary>Event channel of that ring.</summary>
    ConsoleChannel = 18,
}

/// <summary>A guest's calls to Xen about itself.</summary>
/// <typeparam name="THypercalls">The seam to the calls.</typeparam>
public static unsafe class XenDomain<THypercalls>
    where THypercalls : struct, IHypercalls
{
    /// <summary>DOMID_SELF.</summary>
    public const ushort Self = 0x7FF0;

    private const ulong MemoryOperation = 12, VirtualProcessorOperation = 24, SchedulerOperation = 29, HvmOperation = 34;
    private const ulong AddToPhysicalMap = 7;
    private const ulong RegisterProcessorInfo = 10;
    private const ulong Yield = 0, ShutDownDomain = 2;
    private const ulong GetHvmParameter = 1, SetUpcallVector = 23;
    private const uint HypercallLeaf = 2, HvmLeaf = 4;
    private const uint ProcessorIdIsThere = 1 << 3;

    [StructLayout(LayoutKind.Sequential)]
    private struct HvmParameter
    {
        internal ushort Domain, Padding;
        internal uint Index;
        internal ulong Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PhysicalMapEntry
    {
        internal ushort Domain, Size;
        internal uint Space;
        internal ulong Index, Page;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ProcessorInfoPlace
    {
        internal ulong Page;
        internal uint Offset, Reserved;
    }

    /// <summary>Has Xen fill the page through which all calls go: an executable page of the image, at its physical address.</summary>
    public static void Open<TCpuid, TRegisters>(CpuFeatures* features, ulong page)
        where TCpuid : struct, ICpuid
        where TRegisters : struct, IModelSpecificRegisters
    {
        CpuidResult leaf;
        TCpuid.Query(features->HypervisorBaseLeaf + HypercallLeaf, 0, &leaf);
        TRegisters.Write(leaf.Ebx, page);
    }

    /// <summary>Xen's number of the calling processor, by which calls name it; firmware's (<paramref name="acpiId"/>) where Xen is too old to tell.</summary>
    public static uint ProcessorId<TCpuid>(CpuFeatures* features, uint acpiId)
        where TCpuid : struct, ICpuid
    {
        if (features->HighestHypervisorLeaf < features->HypervisorBaseLeaf + HvmLeaf)
            return acpiId;
        CpuidResult leaf;
        TCpuid.Query(features->HypervisorBaseLeaf + HvmLeaf, 0, &leaf);
        return (leaf.Eax & ProcessorIdIsThere) != 0 ? leaf.Ebx : acpiId;
    }

    /// <summary>Reads a parameter.</summary>
    /// <returns>False when Xen has none of this number.</returns>
    public static bool TryGetParameter(XenParameter index, ulong* value)
    {
        HvmParameter parameter = default;
        parameter.Domain = Self;
        parameter.Index = (uint)index;
        bool found = THypercalls.Call(HvmOperation, GetHvmParameter, (ulong)&parameter, 0) == 0;
        *value = parameter.Value;
        return found;
    }

    /// <summary>Puts one of Xen's pages in the place of a frame of ours, which goes back to Xen.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long MapPage(XenMapSpace space, ulong index, ulong page)
    {
        PhysicalMapEntry entry = default;
        entry.Domain = Self;
        entry.Space = (uint)space;
        entry.Index = index;
        entry.Page = page;
        return THypercalls.Call(MemoryOperation, AddToPhysicalMap, (ulong)&entry, 0);
    }

    /// <summary>Says where a processor's <see cref="XenProcessorInfo"/> is to be; once for each processor.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long PlaceProcessorInfo(uint processorId, ulong physicalAddress)
    {
        ProcessorInfoPlace place = default;
        place.Page = physicalAddress >> 12;
        place.Offset = (uint)physicalAddress & 0xFFF;
        return THypercalls.Call(VirtualProcessorOperation, RegisterProcessorInfo, processorId, (ulong)&place);
    }

    /// <summary>Says by which vector of its local APIC a processor hears of events.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long SetEventVector(uint processorId, byte vector)
    {
        ulong argument = processorId | ((ulong)vector << 32);
        return THypercalls.Call(HvmOperation, SetUpcallVector, (ulong)&argument, 0);
    }

    /// <summary>Lets other domains run.</summary>
    public static void YieldProcessor() => THypercalls.Call(SchedulerOperation, Yield, 0, 0);

    /// <summary>Ends the domain; does not return on a machine.</summary>
    public static void ShutDown(XenShutdownReason reason)
    {
        var argument = (uint)reason;
        THypercalls.Call(SchedulerOperation, ShutDownDomain, (ulong)&argument, 0);
    }
}

/// <summary>Which of Xen's pages <see cref="XenDomain{THypercalls}.MapPage"/> is to map: XENMAPSPACE_* of memory.h.</summary>
public enum XenMapSpace : uint
{
    /// <summary>The page of <see cref="XenSharedInfo"/>.</summary>
    SharedInfo = 0,

    /// <summary>Pages of the grant table.</summary>
    GrantTable = 1,
}
