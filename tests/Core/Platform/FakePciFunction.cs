namespace Troupe.Core.Tests;

/// <summary>The header of a PCI function: base address registers keep the bits of their size and say what they are, the status is cleared by ones.</summary>
internal sealed class FakePciFunction
{
    private readonly uint[] _values = new uint[6];
    private readonly uint[] _writable = new uint[6];
    private readonly uint[] _kind = new uint[6];

    public bool IsMultiFunction { get; init; }

    public byte HeaderType { get; set; }

    /// <summary>Of a bridge: primary, secondary, subordinate, from the lowest byte up.</summary>
    public uint BusNumbers { get; set; }

    public ushort Command { get; set; }

    public int CommandWrites { get; private set; }

    public int StatusCleared { get; private set; }

    /// <summary>How often a register was written all ones while the function answered at addresses.</summary>
    public int SizedWhileDecoding { get; private set; }

    public FakePciFunction Memory(int number, uint length, uint address)
    {
        (_writable[number], _kind[number], _values[number]) = (~(length - 1), 0, address);
        return this;
    }

    public FakePciFunction Memory64(int number, ulong length, ulong address)
    {
        (_writable[number], _kind[number], _values[number]) = ((uint)~(length - 1), 4, (uint)address);
        (_writable[number + 1], _values[number + 1]) = ((uint)(~(length - 1) >> 32), (uint)(address >> 32));
        return this;
    }

    // The upper half of a port register is not there, as in QEMU's devices.
    public FakePciFunction Ports(int number, uint length, uint address)
    {
        (_writable[number], _kind[number], _values[number]) = (~(length - 1) & 0xFFFF, 1, address);
        return this;
    }

    public uint Read(uint register) => register switch
    {
        0x00 => 0x1000_1AF4,
        0x04 => 0x0010_0000U | Command,
        0x0C => (uint)HeaderType << 16 | (IsMultiFunction ? 0x80_0000U : 0),
        0x18 when HeaderType == 1 => BusNumbers,
        >= 0x10 and < 0x28 => _values[(register - 0x10) / 4] | _kind[(register - 0x10) / 4],
        _ => 0,
    };

    public void Write(uint register, uint value)
    {
        switch (register)
        {
            case 0x04:
                Command = (ushort)value;
                CommandWrites++;
                StatusCleared += value >> 16 != 0 ? 1 : 0;
                break;
            case 0x18 when HeaderType == 1:
                BusNumbers = value;
                break;
            case >= 0x10 and < 0x28:
                uint number = (register - 0x10) / 4;
                SizedWhileDecoding += value == uint.MaxValue && (Command & 3) != 0 ? 1 : 0;
                _values[number] = value & _writable[number];
                break;
        }
    }
}
