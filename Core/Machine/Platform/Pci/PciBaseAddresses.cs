// PCI Local Bus Specification 3.0, 6.2.5 (base addresses, their sizing) and 6.2.2 (command).
namespace Troupe.Core.Machine;

/// <summary>
/// Sizes base address registers, on bus 0 and on those that firmware numbered. What firmware assigned stays. What it left at zero (qboot does) gets an address on bus 0, between the end of low RAM and
/// the I/O APIC; behind a bridge that would be no use, since the bridge has a window of its own.
/// </summary>
/// <remarks>
/// At boot, by the first processor and before the others start, and never again: sizing takes a device out of the machine's map of addresses and puts it back, and QEMU before 8.2 may lose what
/// another emulated processor writes to a device meanwhile, an end of interrupt for example (gitlab.com/qemu-project/qemu/-/issues/1826). Afterwards the map stands.
/// </remarks>
/// <typeparam name="TConfiguration">The seam to configuration space.</typeparam>
public static unsafe class PciBaseAddresses<TConfiguration>
    where TConfiguration : struct, IPciConfiguration
{
    // From here up are the I/O APIC, HPET, local APIC and firmware ROM (Intel 82093AA; ICH9 datasheet, 9.4).
    private const ulong Ceiling = 0xFEB0_0000;
    private const ulong PageBytes = 4096;

    private const uint FirstOfBus1 = 1u << 16;
    private const uint Command = 0x04, FirstRegister = 0x10;
    // Type 0 and type 1 headers (6.1; PCI-to-PCI Bridge Architecture Specification 1.2, 3.2).
    private const uint Registers = 6, RegistersOfBridge = 2;
    private const uint Decoding = 3, MemoryDecoding = 2, CommandBits = 0xFFFF;
    private const uint IsPortBit = 1, TypeBits = 6, Type64Bit = 4;

    /// <summary>Whether the mechanism finds a host bridge.</summary>
    public static bool IsPresent() => PciFunctionWalk<TConfiguration>.IsThere(0);

    /// <summary>Sizes and assigns, and turns the decoding of memory on, as firmware does. What drives a device still has to be let reach memory.</summary>
    /// <param name="machine">Where RAM and configuration windows are.</param>
    /// <param name="table">Zeroed; takes every register that is not empty.</param>
    public static void Assign(MachineDescription* machine, BaseAddressTable* table)
    {
        PciFunctionWalk<TConfiguration> walk = default;
        while (walk.TryMoveNext())
        {
            SizeFunction(walk.Function, walk.IsBridge ? RegistersOfBridge : Registers, table);
        }

        for (int i = 0; i < table->Count; i++)
        {
            BaseAddressRegister* register = BaseAddressTable.At(table, i);
            if (register->Address == 0 && !register->IsPort && register->Function < FirstOfBus1)
            {
                register->Address = FindFree(machine, table, register->Length);
                Write(register);
            }
        }

        for (int i = 0; i < table->Count; i++)
        {
            BaseAddressRegister* register = BaseAddressTable.At(table, i);
            if (register->Address != 0 && !register->IsPort)
            {
                DecodeMemory(register->Function);
            }
        }
    }

    private static void SizeFunction(uint function, uint registers, BaseAddressTable* table)
    {
        // The upper half is the status register, whose bits are cleared by writing ones: zeros are written there.
        uint command = TConfiguration.Read32(function, Command) & CommandBits;
        if ((command & Decoding) != 0)
        {
            TConfiguration.Write32(function, Command, command & ~Decoding);
        }

        for (uint number = 0; number < registers; number++)
        {
            bool takesNext = Size(function, number, registers, table);
            number += takesNext ? 1u : 0;
        }

        if ((command & Decoding) != 0)
        {
            TConfiguration.Write32(function, Command, command);
        }
    }

    /// <summary>Sizes a register; answers whether it takes the next one too.</summary>
    private static bool Size(uint function, uint number, uint registers, BaseAddressTable* table)
    {
        uint offset = FirstRegister + (number * 4);
        uint low = TConfiguration.Read32(function, offset);
        bool isPort = (low & IsPortBit) != 0;
        bool is64Bit = !isPort && (low & TypeBits) == Type64Bit && number + 1 < registers;
        uint high = is64Bit ? TConfiguration.Read32(function, offset + 4) : 0;
        ulong mask = Mask(function, offset, low);
        if (is64Bit)
        {
            mask |= (ulong)Mask(function, offset + 4, high) << 32;
        }
        else
        {
            // What a register does not have reads as zeros, above as below.
            mask |= mask == 0 ? 0 : isPort ? 0xFFFF_FFFF_FFFF_0000 : 0xFFFF_FFFF_0000_0000;
        }

        ulong kept = isPort ? ~3UL : ~15UL;
        if ((mask & kept) != 0)
        {
            BaseAddressRegister* register = BaseAddressTable.Add(table);
            if (register != null)
            {
                register->Address = (((ulong)high << 32) | low) & kept & (isPort ? 0xFFFF : ulong.MaxValue);
                register->Length = ~(mask & kept) + 1;
                register->Function = function;
                register->Number = (byte)number;
                register->IsPort = isPort;
                register->Is64Bit = is64Bit;
            }
        }

        return is64Bit;
    }

    private static uint Mask(uint function, uint offset, uint value)
    {
        TConfiguration.Write32(function, offset, uint.MaxValue);
        uint mask = TConfiguration.Read32(function, offset);
        TConfiguration.Write32(function, offset, value);
        return mask;
    }

    private static void Write(BaseAddressRegister* register)
    {
        uint offset = FirstRegister + (register->Number * 4u);
        TConfiguration.Write32(register->Function, offset, (uint)register->Address);
        if (register->Is64Bit)
        {
            TConfiguration.Write32(register->Function, offset + 4, (uint)(register->Address >> 32));
        }
    }

    private static void DecodeMemory(uint function)
    {
        uint command = TConfiguration.Read32(function, Command) & CommandBits;
        if ((command & MemoryDecoding) == 0)
        {
            TConfiguration.Write32(function, Command, command | MemoryDecoding);
        }
    }

    /// <summary>A free range, aligned to its length, which is a power of two; 0 when there is no room.</summary>
    private static ulong FindFree(MachineDescription* machine, BaseAddressTable* table, ulong length)
    {
        ulong floor = MachineDescription.LowMemoryEnd(machine);
        ulong room = length > PageBytes ? length : PageBytes;
        ulong start = Ceiling;
        while (start >= room && start - room >= floor)
        {
            start = (start - room) & ~(room - 1);
            ulong clash = Clash(machine, table, start, start + room);
            if (clash == 0)
            {
                return start >= floor ? start : 0;
            }

            start = clash;
        }

        return 0;
    }

    /// <summary>Where something begins that is in the way; 0 when nothing is.</summary>
    private static ulong Clash(MachineDescription* machine, BaseAddressTable* table, ulong start, ulong end)
    {
        for (int i = 0; i < machine->EcamCount; i++)
        {
            EcamRange* range = MachineDescription.Ecam(machine, i);
            ulong first = range->Address;
            if (first < end && first + ((range->LastBus + 1UL) << 20) > start)
            {
                return first;
            }
        }

        for (int i = 0; i < table->Count; i++)
        {
            BaseAddressRegister* register = BaseAddressTable.At(table, i);
            if (!register->IsPort && register->Address != 0 && register->Address < end && register->Address + register->Length > start)
            {
                return register->Address;
            }
        }

        return 0;
    }
}
