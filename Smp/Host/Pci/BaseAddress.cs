// PCI Local Bus Specification 3.0, 6.2.5.1: base address registers and their sizing.
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>One base address register, sized by writing ones to it while decoding is off.</summary>
/// <param name="Address">Bus address or first port; 0: not assigned.</param>
/// <param name="Length">Bytes; 0: the register is empty.</param>
/// <param name="IsPort">I/O port space.</param>
/// <param name="Is64Bit">Takes the next register too.</param>
internal readonly record struct BaseAddress(ulong Address, ulong Length, bool IsPort, bool Is64Bit)
{
    private const int FirstRegister = 0x10, CommandRegister = 4, HeaderType = 0xC;
    private const uint DecodeBits = 3;

    internal static int Offset(int bar) => FirstRegister + (bar * 4);

    /// <summary>Reads and sizes a register.</summary>
    internal static BaseAddress Read(ConfigurationSpace space, PciAddress function, int bar)
    {
        int offset = Offset(bar);
        uint command = space.Read32(function, CommandRegister);

        // The upper half is the status register, whose bits are cleared by writing ones: write zeros there.
        space.Write32(function, CommandRegister, command & 0xFFFF & ~DecodeBits);
        uint low = space.Read32(function, offset);
        bool isPort = (low & 1) != 0;
        bool is64Bit = !isPort && (low & 6) == 4 && bar < 5;
        uint high = is64Bit ? space.Read32(function, offset + 4) : 0;
        space.Write32(function, offset, uint.MaxValue);
        ulong mask = space.Read32(function, offset);
        space.Write32(function, offset, low);
        if (is64Bit)
        {
            space.Write32(function, offset + 4, uint.MaxValue);
            mask |= (ulong)space.Read32(function, offset + 4) << 32;
            space.Write32(function, offset + 4, high);
        }
        else
        {
            mask |= mask == 0 ? 0 : isPort ? 0xFFFF_FFFF_FFFF_0000 : 0xFFFF_FFFF_0000_0000;
        }

        space.Write32(function, CommandRegister, command & 0xFFFF);
        ulong kept = isPort ? ~3UL : ~15UL;
        ulong length = mask == 0 ? 0 : ~(mask & kept) + 1;
        return new BaseAddress(((ulong)high << 32 | low) & kept & (isPort ? 0xFFFF : ulong.MaxValue), length, isPort, is64Bit);
    }

    /// <summary>Reserves what firmware assigned to a function, and remembers the memory registers that it sized for that.</summary>
    internal static void ReserveAll(ConfigurationSpace space, PciAddress function, AddressAssignment addresses, Dictionary<(PciAddress Function, int Bar), BaseAddress> sized)
    {
        bool isBridge = (space.Read32(function, HeaderType) >> 16 & 0x7F) == 1;
        for (int bar = 0; bar < (isBridge ? 2 : 6); bar++)
        {
            // Sizing takes decoding away for a moment, so only what has an address is sized. What lies above 4 GiB is in nobody's way.
            uint low = space.Read32(function, Offset(bar));
            if ((low & 1) == 0 && (low & ~15U) != 0)
            {
                BaseAddress register = Read(space, function, bar);
                addresses.Reserve(register.Address, register.Length);
                sized.Add((function, bar), register);
            }

            bar += (low & 7) == 4 ? 1 : 0;
        }
    }
}
