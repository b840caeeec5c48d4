// PCI Local Bus Specification 3.0, 6.2.5: base addresses.
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>
/// Gives base address registers that firmware left at zero (qboot does) an address between the end of low RAM and the I/O APIC.
/// What firmware has assigned stays, and is stepped around.
/// </summary>
internal sealed class AddressAssignment
{
    // From here up are the I/O APIC, HPET, local APIC and firmware ROM (Intel 82093AA; ICH9 datasheet, 9.4).
    private const ulong Ceiling = 0xFEB0_0000;

    private readonly List<(ulong Start, ulong End)> _taken = [];
    private readonly ulong _floor;

    internal AddressAssignment()
    {
        _floor = MachineFacts.LowMemoryEnd;
        if (MachineFacts.TryGetEcamRange(out ulong address, out _, out int lastBus))
        {
            _taken.Add((address, address + ((ulong)(lastBus + 1) << 20)));
        }
    }

    /// <summary>Remembers a range that is in use.</summary>
    internal void Reserve(ulong start, ulong length) => _taken.Add((start, start + length));

    /// <summary>A free range, aligned to its length, which is a power of two.</summary>
    internal ulong Take(ulong length)
    {
        ulong alignment = Math.Max(length, 4096);
        ulong start = Ceiling;
        while (true)
        {
            if (start < _floor + alignment)
            {
                throw new CapabilityException($"No room below 4 GiB for a register window of {length} bytes.");
            }

            start = (start - alignment) & ~(alignment - 1);
            (ulong Start, ulong End) clash = _taken.Find(range => range.Start < start + alignment && range.End > start);
            if (clash.End == 0)
            {
                _taken.Add((start, start + alignment));
                return start;
            }

            start = clash.Start;
        }
    }
}
