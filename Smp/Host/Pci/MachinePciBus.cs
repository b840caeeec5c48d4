using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>The machine's PCI hierarchy: who may write configuration space.</summary>
internal sealed class MachinePciBus : PciBus
{
    private const int VendorOffset = 0;
    private const uint NoDevice = 0xFFFF_FFFF;

    private readonly Dictionary<PciAddress, MachinePciFunction> _open = [];
    private readonly Dictionary<uint, PciAddress> _wires = [];
    private readonly Dictionary<(PciAddress Function, int Bar), BaseAddress> _registers = [];
    private readonly Lock _lock = new();

    internal MachinePciBus(WorkerInterrupts workers)
    {
        Workers = workers;
        Space = new ConfigurationSpace();
        for (int i = 0; MachineFacts.TryGetBaseAddress(i, out PciAddress function, out int number, out BaseAddress register); i++)
        {
            _registers.Add((function, number), register);
        }
    }

    internal ConfigurationSpace Space { get; }

    internal WorkerInterrupts Workers { get; }

    /// <summary>A base address register: it has been sized, and stays where it is.</summary>
    internal BaseAddress FindBaseAddress(PciAddress function, int bar) => _registers.GetValueOrDefault((function, bar));

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
}
