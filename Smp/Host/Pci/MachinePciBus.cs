using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>The machine's PCI hierarchy: who may write configuration space.</summary>
internal sealed class MachinePciBus : PciBus
{
    private const int VendorOffset = 0;
    private const uint NoDevice = 0xFFFF_FFFF;

    private readonly Dictionary<PciAddress, MachinePciFunction> _open = [];
    private readonly Dictionary<uint, PciAddress> _wires = [];
    private readonly Dictionary<(PciAddress Function, int Bar), BaseAddress> _sized = [];
    private readonly Lock _lock = new();

    internal MachinePciBus(WorkerInterrupts workers)
    {
        Workers = workers;
        Space = new ConfigurationSpace();
        Addresses = new AddressAssignment();
        ReserveAssigned();
    }

    internal ConfigurationSpace Space { get; }

    internal AddressAssignment Addresses { get; }

    internal WorkerInterrupts Workers { get; }

    /// <summary>
    /// A base address register, sized once: what firmware assigned stays where it is. Sizing takes the device out of the machine's map of addresses and puts it back, and QEMU before 8.2 may lose
    /// what another emulated processor writes to a device meanwhile, an end of interrupt for example (gitlab.com/qemu-project/qemu/-/issues/1826).
    /// </summary>
    internal BaseAddress ReadBaseAddress(PciAddress function, int bar) => _sized.TryGetValue((function, bar), out BaseAddress sized) ? sized : BaseAddress.Read(Space, function, bar);

    /// <inheritdoc/>
    public override uint ReadConfiguration(PciAddress address, int offset)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset & ~0xFC, 0, nameof(offset));
        return Space.Read32(address, offset);
    }

    /// <inheritdoc/>
    public override PciFunction Open(PciAddress address)
    {
        lock (_lock)
        {
            if (Space.Read32(address, VendorOffset) == NoDevice)
            {
                throw new CapabilityException($"There is no PCI function at {address}.");
            }

            if (_open.ContainsKey(address))
            {
                throw new CapabilityException($"PCI function {address} is open already.");
            }

            var function = new MachinePciFunction(this, address);
            _open.Add(address, function);
            return function;
        }
    }

    internal void Close(PciAddress address)
    {
        lock (_lock)
        {
            _open.Remove(address);
        }
    }

    /// <summary>Gives a wired interrupt to one function; wires that several slots share serve the first that asks.</summary>
    internal void TakeWire(uint number, PciAddress address)
    {
        lock (_lock)
        {
            if (!_wires.TryAdd(number, address))
            {
                throw new CapabilityException($"pci {address} has no MSI-X, and shares its wired interrupt with pci {_wires[number]}, which has it.");
            }
        }
    }

    internal void ReturnWire(uint number)
    {
        lock (_lock)
        {
            _wires.Remove(number);
        }
    }

    // The root bus only: what sits behind bridges was assigned by the firmware that numbered them.
    private void ReserveAssigned()
    {
        for (int device = 0; device < 32; device++)
        {
            for (int function = 0; function < 8; function++)
            {
                var address = new PciAddress(0, device, function);
                if (Space.Read32(address, VendorOffset) == NoDevice)
                {
                    if (function == 0)
                    {
                        break;
                    }

                    continue;
                }

                BaseAddress.ReserveAll(Space, address, Addresses, _sized);
            }
        }
    }
}
