namespace Troupe.Core.Machine;

/// <summary>The machine's base address registers, in a page that the caller gives and zeroed: filled once at boot, read-only afterwards.</summary>
public unsafe struct BaseAddressTable
{
    private const int PageBytes = 4096, HeaderBytes = 8, EntryBytes = 24;

    /// <summary>Capacity: the machines of QEMU have some 20 registers with one network card and two disks.</summary>
    public const int Maximum = (PageBytes - HeaderBytes) / EntryBytes;

    /// <summary>Elements.</summary>
    public int Count;

    /// <summary>Registers that found the table full; nothing can open them.</summary>
    public int Overflowed;

    private fixed ulong _registers[Maximum * EntryBytes / sizeof(ulong)];

    /// <summary>A register of the table, or null beyond its end.</summary>
    public static BaseAddressRegister* At(BaseAddressTable* table, int index) =>
        (uint)index < (uint)table->Count ? (BaseAddressRegister*)table->_registers + index : null;

    /// <summary>The next free element; null, and counted, when there is none.</summary>
    internal static BaseAddressRegister* Add(BaseAddressTable* table)
    {
        if (table->Count == Maximum)
        {
            table->Overflowed++;
            return null;
        }

        table->Count++;
        return At(table, table->Count - 1);
    }
}
