using Troupe.Core.Capabilities;
using Troupe.Smp.Host.Pci;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>What the kernel half found out about the machine.</summary>
internal static unsafe class MachineFacts
{
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

    /// <summary>A PCI base address register, sized and given an address before the second processor started.</summary>
    internal static bool TryGetBaseAddress(int index, out PciAddress function, out int number, out BaseAddress register)
    {
        ulong* words = stackalloc ulong[3];
        bool found = KernelCalls.Call(HostCall.MachineFact, MachineFact.BaseAddress, index, (long)words, 0, 0) == 0;
        function = new PciAddress((int)(words[2] >> 16 & 0xFF), (int)(words[2] >> 11 & 0x1F), (int)(words[2] >> 8 & 7));
        number = (int)(words[2] & 7);
        register = new BaseAddress(words[0], words[1], (words[2] >> 32 & 1) != 0);
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
