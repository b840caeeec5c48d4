// xen/include/public/hvm/hvm_op.h, vcpu.h, memory.h: what a PVH domain asks for at its start. Written then, by one processor at a time; read-only afterwards.
using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Core.Machine.Xen;

namespace Troupe.Smp.Kernel.Xen;

/// <summary>What a Xen domain needs besides: calls, console, the shared page, and for each processor its record, clock and event vector.</summary>
internal static unsafe class XenGuest
{
    private const ulong PageBytes = 4096;
    private const int PageShift = 12;

    private static ulong _sharedInfo, _processorInfos;

    private unsafe struct Identifiers
    {
        internal fixed uint Items[IProcessors.Maximum];
    }

    private static Identifiers _identifiers;

    /// <summary>Whether this is one.</summary>
    internal static bool IsRunning => _sharedInfo != 0;

    /// <summary>The page shared with Xen.</summary>
    internal static ulong SharedInfo => _sharedInfo;

    /// <summary>The page shared with xenstore and its channel; 0: there is none.</summary>
    internal static ulong StorePage { get; private set; }

    /// <summary>The channel of <see cref="StorePage"/>.</summary>
    internal static uint StorePort { get; private set; }

    /// <summary>A processor's record.</summary>
    internal static ulong ProcessorInfo(int processor) => _processorInfos + ((ulong)processor * XenProcessorInfo.Size);

    /// <summary>Where a processor's time stands, as <see cref="KvmClock{TPhysical, TRegisters, TCounter}"/> wants it.</summary>
    internal static ulong ClockRecords => _processorInfos + XenProcessorInfo.TimeOffset;

    /// <summary>Xen's number of a processor.</summary>
    internal static uint IdentifierOf(int processor) => _identifiers.Items[processor];

    /// <summary>The first step, on the loader's page map: from here on the kernel is heard.</summary>
    internal static void OpenConsole(CpuFeatures* features)
    {
        if (features->Hypervisor != Hypervisor.Xen)
        {
            return;
        }

        XenCalls.Open<KernelCpuid, KernelModelSpecificRegisters>(features, ImageSymbols.HypercallPage());
        ulong page = 0, port = 0;
        if (XenCalls.TryGetParameter(XenParameter.ConsolePage, &page) && page != 0 && XenCalls.TryGetParameter(XenParameter.ConsoleChannel, &port))
        {
            XenConsole.Open(page << PageShift, (uint)port);
        }

        if (XenCalls.TryGetParameter(XenParameter.StorePage, &page) && page != 0 && XenCalls.TryGetParameter(XenParameter.StoreChannel, &port))
        {
            StorePage = page << PageShift;
            StorePort = (uint)port;
        }
    }

    /// <summary>Puts the pages that the toolstack made into the kernel's map, before it is used.</summary>
    internal static void MapPages()
    {
        if (XenConsole.IsOpen)
        {
            Map(XenConsole.Page);
        }

        if (StorePage != 0)
        {
            Map(StorePage);
        }
    }

    /// <summary>Meets Xen on the boot processor, when there is memory and a local APIC.</summary>
    internal static void Start(CpuFeatures* features)
    {
        if (features->Hypervisor != Hypervisor.Xen)
        {
            return;
        }

        _processorInfos = KernelMemory.RequireFrame();
        ulong page = KernelMemory.RequireFrame();
        Require(XenCalls.MapPage(XenMapSpace.SharedInfo, 0, page >> PageShift), "Xen does not show its shared page: "u8);
        _sharedInfo = page;
        XenChannels.MaskAll(page);
        StartProcessor(features, 0);
    }

    /// <summary>Each processor, before it asks for the time.</summary>
    internal static void StartProcessor(CpuFeatures* features, int processor)
    {
        uint identifier = XenCalls.ProcessorId<KernelCpuid>(features, (uint)processor);
        _identifiers.Items[processor] = identifier;
        Require(XenCalls.PlaceProcessorInfo(identifier, ProcessorInfo(processor)), "Xen does not take a processor's record: "u8);
        Require(XenCalls.SetEventVector(identifier, Vectors.HypervisorEvents), "Xen does not take a vector for events: "u8);
    }

    private static void Map(ulong page)
    {
        if (KernelMemory.KernelMap->MapSharedPage(page) != PageTableStatus.Done)
        {
            Panic.Now("a page of the toolstack is where RAM is: "u8, page);
        }
    }

    private static void Require(long result, ReadOnlySpan<byte> refusal)
    {
        if (result != 0)
        {
            Panic.Now(refusal, (ulong)-result);
        }
    }
}
