using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.Start;

/// <summary>PCI's base address registers, which stay where they are from before the second processor starts.</summary>
internal static unsafe class BaseAddresses
{
    internal static BaseAddressTable* Table { get; private set; }

    /// <summary>Boot processor only, once there are frames and page tables.</summary>
    internal static void Assign(MachineDescription* machine)
    {
        Table = (BaseAddressTable*)KernelMemory.RequireFrame();
        if (PortBaseAddresses.IsPresent())
        {
            PortBaseAddresses.Assign(machine, Table);
        }
        else if (machine->EcamCount != 0 && MachineDescription.Ecam(machine, 0)->FirstBus == 0)
        {
            ulong address = MachineDescription.Ecam(machine, 0)->Address;
            MemorySetup.RequireDevice(address, ConfigurationWindow.Length);
            ConfigurationWindow.Open(address);
            WindowBaseAddresses.Assign(machine, Table);
        }
    }
}
