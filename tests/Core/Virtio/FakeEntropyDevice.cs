namespace Troupe.Core.Tests;

/// <summary>
/// A made-up virtio entropy device on the <see cref="FakeMachine"/>: behind a virtio-mmio window, or a PCI function whose base addresses nobody has
/// assigned. It checks what the driver does and delivers what the test says.
/// </summary>
internal sealed class FakeEntropyDevice
{
    public const ulong Window = 0xFEB0_0000, Frame = 0x10_0000;
    private const uint AccessCapability = 0x70, CommonOffset = 0x1000, NotifyOffset = 0x3000, NotifyMultiplier = 4;

    private readonly FakeMachine _machine;
    private readonly byte[] _memory = new byte[4096];
    private readonly Dictionary<uint, uint> _common = [];
    private uint _address, _accessBar, _accessOffset, _accessLength, _featureWord, _driverWord, _queueReady;
    private ushort _taken;
    private ushort _used;
    private int _delivered;

    public FakeEntropyDevice(FakeMachine machine)
    {
        _machine = machine;
        machine.Place(Frame, _memory);
    }

    public byte Status { get; private set; }

    public uint Command { get; private set; } = 0x0010_0003;

    public int Resets { get; private set; }

    public bool RefusesReset { get; set; }

    public bool RefusesFeatures { get; set; }

    public bool IsLegacy { get; set; }

    public bool HasQueue { get; set; } = true;

    public bool HasAccessCapability { get; set; } = true;

    /// <summary>The bus of the PCI function; other than 0 it is behind a bridge.</summary>
    public uint Bus { get; set; }

    /// <summary>How many bytes to deliver of how many asked, and what to say of it; null: never answers.</summary>
    public Func<uint, (uint Delivered, uint Said)?> Answer { get; set; } = asked => (asked, asked);

    public uint UsedDescriptor { get; set; }

    public ReadOnlySpan<byte> Buffer => _memory.AsSpan(512, 512);

    /// <summary>The n-th byte it delivers in all.</summary>
    public static byte Expected(int index) => (byte)((index * 37) + 11);

    public void BehindMmio()
    {
        _machine.ReadDevice = address => address is >= Window and < Window + 0x200 ? ReadRegister((uint)(address - Window)) : null;
        _machine.WriteDevice = (address, value) =>
        {
            if (address is < Window or >= Window + 0x200)
                return false;
            WriteRegister((uint)(address - Window), value);
            return true;
        };
    }

    public void BehindPci()
    {
        _machine.ReadPort = (port, width) => port == 0xCFC && width == 4 ? ReadConfiguration() : uint.MaxValue;
        _machine.WritePort = WriteConfiguration;
    }

    private uint ReadRegister(uint offset) => offset switch
    {
        0x00 => 0x7472_6976,
        0x04 => IsLegacy ? 1u : 2u,
        0x08 => 4,
        0x10 => Features(),
        0x34 => HasQueue ? 8u : 0,
        0x44 => _queueReady,
        0x70 => Status,
        _ => throw new InvalidOperationException($"read of register {offset:x}"),
    };

    private void WriteRegister(uint offset, uint value)
    {
        switch (offset)
        {
            case 0x14: _featureWord = value; break;
            case 0x20: AcceptFeatures(value); break;
            case 0x24: _driverWord = value; break;
            case 0x30: Assert.Equal(0u, value); break;
            case 0x38: Assert.Equal(1u, value); break;
            case 0x44: _queueReady = value; break;
            case 0x50: Notified(value); break;
            case 0x70: WriteStatus((byte)value); break;
            case 0x80 or 0x84 or 0x90 or 0x94 or 0xA0 or 0xA4: _common[offset switch { < 0x90 => offset - 0x80 + 32, < 0xA0 => offset - 0x90 + 40, _ => offset - 0xA0 + 48 }] = value; break;
            default: throw new InvalidOperationException($"write of register {offset:x}");
        }
    }

    private uint ReadConfiguration()
    {
        Assert.NotEqual(0u, _address >> 31);
        uint function = _address >> 8 & 0xFFFF, register = _address & 0xFC;
        if (Bus != 0 && function == 1 << 3)
        {
            return register switch { 0x00 => 0x000C_1B36, 0x0C => 0x0001_0000, 0x18 => (Bus << 16) | (Bus << 8), _ => 0 };
        }

        if (function == 0)
        {
            // The host bridge, at home on bus 0.
            return register == 0 ? 0x29C0_8086u : 0;
        }

        if (function != ((Bus << 8) | (2 << 3)))
        {
            return uint.MaxValue;
        }

        return register switch
        {
            0x00 => (0x1005u << 16) | 0x1AF4,
            0x04 => Command,
            AccessCapability + 16 => ReadAccess(),
            0x0C => 0,
            0x34 => 0x40,
            // The common structure, the notification structure, the window into both; 0 ends the list.
            0x40 => Header(IsLegacy ? 9u : 1, 0x50),
            0x44 or 0x54 => 4,
            0x48 => CommonOffset,
            0x4C => 56,
            0x50 => Header(2, AccessCapability),
            0x58 => NotifyOffset,
            0x5C => 0x1000,
            0x60 => NotifyMultiplier,
            AccessCapability => HasAccessCapability ? Header(5, 0) : Header(0x77, 0),
            _ => 0,
        };

        static uint Header(uint type, uint next) => 0x09 | (next << 8) | (20u << 16) | (type << 24);
    }

    private uint ReadAccess()
    {
        Assert.Equal(4u, _accessBar);
        uint value = (_accessOffset - CommonOffset) switch
        {
            4 => Features(),
            20 => Status,
            24 => HasQueue ? 8u : 0,
            30 => 3,
            uint other => throw new InvalidOperationException($"read of common register {other}"),
        };
        // What lies beyond the length is left from before.
        return _accessLength == 4 ? value : value | (0xA5A5_A5A5u << (int)(_accessLength * 8));
    }

    private void WriteConfiguration(ushort port, uint value)
    {
        if (port == 0xCF8)
        {
            _address = value;
            return;
        }

        Assert.Equal(0xCFC, port);
        switch (_address & 0xFC)
        {
            case 0x04: Command = (Command & 0xFFFF_0000) | (ushort)value; break;
            case AccessCapability + 4: _accessBar = value; break;
            case AccessCapability + 8: _accessOffset = value; break;
            case AccessCapability + 12: _accessLength = value; break;
            case AccessCapability + 16: WriteAccess(value); break;
            default: throw new InvalidOperationException($"write of configuration {_address & 0xFC:x}");
        }
    }

    private void WriteAccess(uint value)
    {
        if (_accessOffset >= NotifyOffset)
        {
            Assert.Equal((NotifyOffset + (3 * NotifyMultiplier), 2u), (_accessOffset, _accessLength));
            Notified(value);
            return;
        }

        uint register = _accessOffset - CommonOffset;
        switch (register)
        {
            case 0: _featureWord = value; break;
            case 8: _driverWord = value; break;
            case 12: AcceptFeatures(value); break;
            case 20: WriteStatus((byte)value); break;
            case 22: Assert.Equal(0u, value); break;
            case 24: Assert.Equal(1u, value); break;
            case 28: _queueReady = value; break;
            case >= 32 and < 56: _common[register] = value; break;
            default: throw new InvalidOperationException($"write of common register {register}");
        }
    }

    private uint Features() => _featureWord == 1 ? 1u : 0x3000_0000;

    private void AcceptFeatures(uint value) => Assert.Equal(_driverWord == 1 ? 1u : 0u, value);

    private void WriteStatus(byte value)
    {
        if (value == 0)
        {
            Resets++;
            if (RefusesReset && Resets > 1)
                return;
            _queueReady = 0;
            _taken = _used = 0;
        }

        Status = RefusesFeatures ? (byte)(value & ~8) : value;
    }

    private void Notified(uint queue)
    {
        Assert.Equal(0u, queue);
        Assert.Equal((15, 1u), (Status, _queueReady));
        Assert.True(Command == 0x0010_0003 == (_accessLength == 0), "A PCI device reaches memory only as a bus master.");
        ulong descriptors = Common64(32), available = Common64(40), used = Common64(48);
        Assert.Equal(_taken + 1, (int)_machine.ReadMemory(available + 2, 2));
        Assert.Equal(0ul, _machine.ReadMemory(available + 4, 2));
        _taken++;
        ulong buffer = _machine.ReadMemory(descriptors, 8);
        uint asked = (uint)_machine.ReadMemory(descriptors + 8, 4);
        Assert.Equal(2ul, _machine.ReadMemory(descriptors + 12, 2));
        if (Answer(asked) is not { } answer)
            return;
        for (uint i = 0; i < answer.Delivered; i++)
            _memory[(int)(buffer - Frame + i)] = Expected(_delivered++);
        BitConverter.TryWriteBytes(_memory.AsSpan((int)(used - Frame) + 4), UsedDescriptor);
        BitConverter.TryWriteBytes(_memory.AsSpan((int)(used - Frame) + 8), answer.Said);
        BitConverter.TryWriteBytes(_memory.AsSpan((int)(used - Frame) + 2), ++_used);
    }

    private ulong Common64(uint register) => _common[register] | ((ulong)_common[register + 4] << 32);
}
