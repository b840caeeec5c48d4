// PCI Express Base Specification 7.2.2 (enhanced configuration access), PCI Local Bus Specification 3.0, 3.2.2.3.2 (mechanism #1).
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>Reads and writes configuration space: through the memory window that ACPI's MCFG names, else through two ports.</summary>
internal sealed class ConfigurationSpace
{
    private const ushort AddressPort = 0xCF8, DataPort = 0xCFC;
    private const uint EnableBit = 0x8000_0000;
    private const int FunctionSize = 4096, BusSize = 1 << 20;

    private readonly Lock _lock = new();
    private readonly MappedRegisterWindow? _window;
    private readonly int _firstBus;
    private readonly int _lastBus = 255;

    internal ConfigurationSpace()
    {
        if (!MachineFacts.TryGetEcamRange(out ulong address, out _firstBus, out int lastBus))
        {
            return;
        }

        // The map costs a page-table entry per 4 KiB; buses beyond the first few are reached through the ports.
        const int MappedBuses = 4;
        _lastBus = Math.Min(lastBus, _firstBus + MappedBuses - 1);
        _window = new MappedRegisterWindow(address + ((ulong)_firstBus * BusSize), (_lastBus - _firstBus + 1) * BusSize);
    }

    internal uint Read32(PciAddress address, int offset)
    {
        if (_window != null && address.Bus >= _firstBus && address.Bus <= _lastBus)
        {
            return _window.Read32(WindowOffset(address, offset));
        }

        lock (_lock)
        {
            KernelCalls.Out32(AddressPort, PortAddress(address, offset));
            return KernelCalls.In32(DataPort);
        }
    }

    internal void Write32(PciAddress address, int offset, uint value)
    {
        if (_window != null && address.Bus >= _firstBus && address.Bus <= _lastBus)
        {
            _window.Write32(WindowOffset(address, offset), value);
            return;
        }

        lock (_lock)
        {
            KernelCalls.Out32(AddressPort, PortAddress(address, offset));
            KernelCalls.Out32(DataPort, value);
        }
    }

    internal void Write16(PciAddress address, int offset, ushort value)
    {
        int word = offset & ~3, shift = (offset & 2) * 8;
        uint old = Read32(address, word);
        Write32(address, word, (old & ~(0xFFFFu << shift)) | ((uint)value << shift));
    }

    private int WindowOffset(PciAddress address, int offset) =>
        ((address.Bus - _firstBus) * BusSize) + (((address.Device * 8) + address.Function) * FunctionSize) + offset;

    private static uint PortAddress(PciAddress address, int offset) =>
        EnableBit | ((uint)address.Bus << 16) | ((uint)address.Device << 11) | ((uint)address.Function << 8) | (uint)(offset & 0xFC);
}
