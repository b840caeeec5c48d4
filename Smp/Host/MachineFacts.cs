using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>What the kernel half found out about the machine.</summary>
internal static unsafe class MachineFacts
{
    /// <summary>Where RAM below 4 GiB ends.</summary>
    internal static ulong LowMemoryEnd
    {
        get
        {
            ulong end = 0;
            KernelCalls.Require("tell the memory map", HostCall.MachineFact, MachineFact.LowMemoryEnd, 0, (long)&end);
            return end;
        }
    }

    /// <summary>Whether the program tells the time without asking the kernel.</summary>
    internal static bool ClockIsShared
    {
        get
        {
            ulong shared = 0;
            KernelCalls.Require("tell whose clock it is", HostCall.MachineFact, MachineFact.ClockIsShared, 0, (long)&shared);
            return shared != 0;
        }
    }

    /// <summary>The first PCI configuration window.</summary>
    internal static bool TryGetEcamRange(out ulong address, out int firstBus, out int lastBus)
    {
        ulong* words = stackalloc ulong[2];
        bool found = KernelCalls.Call(HostCall.MachineFact, MachineFact.EcamRange, 0, (long)words, 0, 0) == 0;
        address = words[0];
        firstBus = (int)(words[1] & 0xFF);
        lastBus = (int)(words[1] >> 8 & 0xFF);
        return found;
    }

    /// <summary>A virtio-mmio window that firmware or the command line announced.</summary>
    internal static bool TryGetVirtioWindow(int index, out ulong address, out ulong length, out ulong line)
    {
        ulong* words = stackalloc ulong[3];
        bool found = KernelCalls.Call(HostCall.MachineFact, MachineFact.VirtioWindow, index, (long)words, 0, 0) == 0;
        address = words[0];
        length = words[1];
        line = words[2];
        return found;
    }

    /// <summary>Where an ISA interrupt arrives.</summary>
    internal static ulong IsaInterrupt(int number)
    {
        ulong line = 0;
        KernelCalls.Require("tell an ISA interrupt's route", HostCall.MachineFact, MachineFact.IsaInterrupt, number, (long)&line);
        return line;
    }

    /// <summary>The kernel's counters.</summary>
    internal static KernelStatistics Statistics
    {
        get
        {
            KernelStatistics statistics = default;
            KernelCalls.Require("tell its statistics", HostCall.MachineFact, MachineFact.Statistics, 0, (long)&statistics);
            return statistics;
        }
    }
}
