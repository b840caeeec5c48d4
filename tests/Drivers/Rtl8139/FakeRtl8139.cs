// Realtek RTL8139C(L)+ data sheet, section 6, as far as the driver uses the card; everything else that is touched fails the test.
using System.Buffers.Binary;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>An RTL8139 at the level of its registers: its ring, its four buffers and its wire are the test's to play with.</summary>
internal sealed class FakeRtl8139 : PciFunction
{
    public const ushort RingOverflow = 0x10, LinkChange = 0x20, FifoOverflow = 0x40, SystemError = 0x8000;
    private const ushort Received = 0x01, Sent = 0x04;
    private const byte RingEmpty = 1, TransmitterOn = 4, ReceiverOn = 8, Reset = 0x10;
    private const int Slots = 4;

    private readonly FakeMemory _memory;
    private readonly Window _window;
    private readonly FakeGrants _grants = new();
    private readonly uint[] _transmitStatus = new uint[Slots];
    private readonly uint[] _transmitAddress = new uint[Slots];
    private uint _ring;
    private int _ringLength = 8192;
    private uint _receiveConfiguration;
    private byte _command;
    private int _nextSlot;
    private ushort _mask;
    private ulong _groups;

    public FakeRtl8139(FakeMemory memory)
    {
        _memory = memory;
        _window = new Window(this);
        Line = _grants.Add(new FakeLine(() => (Causes & _mask) != 0));
    }

    public FakeLine Line { get; }

    public bool IsBusMaster { get; private set; }

    /// <summary>The register of what interrupted; the test may add to it, with <see cref="Raise"/>.</summary>
    public ushort Causes { get; private set; }

    public ushort Mask => _mask;

    /// <summary>Where the card writes next, and what the driver has read.</summary>
    public int WritePosition { get; set; }

    public int ReadPosition { get; private set; }

    /// <summary>What was sent.</summary>
    public List<byte[]> Wire { get; } = [];

    /// <summary>Whether frames are sent as soon as they are handed over; otherwise <see cref="TrySend"/> sends them.</summary>
    public bool SendsAtOnce { get; set; } = true;

    /// <summary>Whether the card does not finish resets, as one that is gone.</summary>
    public bool IsDead { get; set; }

    public bool HasLink { get; private set; } = true;

    /// <summary>Whether the ring-is-empty bit says so whatever is there; null: the truth.</summary>
    public bool? ClaimsEmpty { get; set; }

    public int Resets { get; private set; }

    public override string Name => "pci 00:04.0";

    public override PciAddress Address => new(0, 4, 0);

    public override int VectorCount => 0;

    private int Unread => (WritePosition - ReadPosition + _ringLength) % _ringLength;

    public override uint ReadConfiguration(int offset) => offset == 0 ? 0x8139_10EC : 0;

    public override RegisterWindow OpenBar(int bar) => bar == 1 ? _grants.Window(_window) : throw new CapabilityException($"No register {bar}.");

    public override InterruptLine OpenVector(int vector) => throw new CapabilityException("No MSI-X.");

    public override InterruptLine OpenInterrupt() => Line;

    public override void SetBusMaster(bool enabled)
    {
        _grants.ThrowIfRevoked();
        IsBusMaster = enabled;
    }

    public override FakeArena CreateArena(long limit) => _grants.Add(new FakeArena(_memory, limit));

    public override void Revoke()
    {
        _grants.Revoke();
        IsBusMaster = false;
    }

    public void Raise(ushort cause)
    {
        Causes |= cause;
        Line.Raise();
    }

    public void SetLink(bool isUp)
    {
        HasLink = isUp;
        Raise(LinkChange);
    }

    /// <summary>A frame comes in by the wire. False: there was no room for it, which the driver is told.</summary>
    public bool TryReceive(byte[] frame)
    {
        if ((_command & ReceiverOn) == 0)
        {
            return false;
        }

        Assert.Equal(0x0Eu, _receiveConfiguration & 0x3F);
        Assert.Equal(ulong.MaxValue, _groups);
        var free = Unread == 0 ? _ringLength : _ringLength - Unread;
        // Never exactly full, which could not be told from empty.
        if (((frame.Length + 8 + 3) & ~3) >= free)
        {
            Raise(RingOverflow);
            return false;
        }

        Put(0x0001, frame.Length + 4, frame);
        return true;
    }

    /// <summary>Writes a packet with this header, true or not, and says so.</summary>
    public void Put(ushort status, int length, byte[] frame, int? claimed = null)
    {
        WritePosition = claimed ?? Write(status, length, frame);
        Raise(Received);
    }

    /// <summary>Writes to the ring without telling anyone: where the next packet would begin.</summary>
    public int Write(ushort status, int length, byte[] frame)
    {
        var packet = new byte[8 + frame.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(packet, status);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(2), (ushort)length);
        frame.CopyTo(packet, 4);
        // WRAP is off: what does not fit before the end goes on at the start.
        Assert.Equal(0u, _receiveConfiguration & 0x80);
        for (var index = 0; index < packet.Length; index++)
        {
            At(_ring + (uint)((WritePosition + index) % _ringLength), 1)[0] = packet[index];
        }

        return (WritePosition + packet.Length + 3) / 4 * 4 % _ringLength;
    }

    /// <summary>Sends the next frame that was handed over, if there is one.</summary>
    public bool TrySend(uint outcome = 0x8000)
    {
        if ((_command & TransmitterOn) == 0 || (_transmitStatus[_nextSlot] & 0x2000) != 0)
        {
            return false;
        }

        Wire.Add(At(_transmitAddress[_nextSlot], (int)(_transmitStatus[_nextSlot] & 0x1FFF)).ToArray());
        _transmitStatus[_nextSlot] |= 0x2000 | outcome;
        _nextSlot = (_nextSlot + 1) % Slots;
        Raise(Sent);
        return true;
    }

    private Span<byte> At(uint address, int length)
    {
        Assert.True(IsBusMaster, "the card has no access to the bus.");
        return _memory.At(address, length);
    }

    private void DoReset()
    {
        Resets++;
        _command = 0;
        _mask = 0;
        Causes = 0;
        _ring = 0;
        _ringLength = 8192;
        _receiveConfiguration = 0;
        WritePosition = 0;
        ReadPosition = 0;
        _nextSlot = 0;
        Array.Clear(_transmitAddress);
        Array.Fill(_transmitStatus, 0x2000u);
    }

    private sealed class Window(FakeRtl8139 card) : RegisterWindow(0x100)
    {
        protected override byte Read8Core(int offset) => offset switch
        {
            _ when card.IsDead => 0xFF,
            0x37 => (byte)(card._command | (card.ClaimsEmpty ?? card.Unread == 0 ? RingEmpty : 0)),
            0x58 => (byte)(card.HasLink ? 0x10 : 0x14),
            _ => throw new InvalidOperationException($"0x{offset:x} is no 8-bit register."),
        };

        protected override ushort Read16Core(int offset) => offset switch
        {
            _ when card.IsDead => 0xFFFF,
            0x3A => (ushort)card.WritePosition,
            0x3E => card.Causes,
            _ => throw new InvalidOperationException($"0x{offset:x} is no 16-bit register."),
        };

        protected override uint Read32Core(int offset) => offset switch
        {
            _ when card.IsDead => uint.MaxValue,
            0x00 => 0x1200_5452,
            0x04 => 0xABCD_5634,
            >= 0x10 and <= 0x1C => card._transmitStatus[(offset - 0x10) / 4],
            _ => throw new InvalidOperationException($"0x{offset:x} is no 32-bit register."),
        };

        protected override void Write8Core(int offset, byte value)
        {
            Assert.Equal(0x37, offset);
            if ((value & Reset) != 0)
            {
                card.DoReset();
                return;
            }

            Assert.NotEqual(0u, card._ring);
            card._command = value;
        }

        protected override void Write16Core(int offset, ushort value)
        {
            switch (offset)
            {
                case 0x38:
                    card.ReadPosition = (value + 16) % card._ringLength;
                    break;
                case 0x3C:
                    card._mask = value;
                    card.Line.Raise();
                    break;
                case 0x3E:
                    card.Causes &= (ushort)~value;
                    break;
                default: throw new InvalidOperationException($"0x{offset:x} may not be written.");
            }
        }

        protected override void Write32Core(int offset, uint value)
        {
            switch (offset)
            {
                case >= 0x10 and <= 0x1C:
                    var slot = (offset - 0x10) / 4;
                    Assert.True((card._transmitStatus[slot] & 0x2000) != 0, "the card has the buffer already.");
                    Assert.True((value & 0x2000) == 0, "the card does not get the buffer.");
                    Assert.True((value & 0x1FFF) is >= 60 and <= 1518, "the card sends no frames of that length.");
                    card._transmitStatus[slot] = value;
                    while (card.SendsAtOnce && card.TrySend())
                    {
                    }

                    break;
                case 0x40:
                    Assert.True((card._command & TransmitterOn) != 0, "TCR can be written with the transmitter on only.");
                    break;
                case 0x44:
                    Assert.True((card._command & ReceiverOn) != 0, "RCR can be written with the receiver on only.");
                    card._receiveConfiguration = value;
                    card._ringLength = 8192 << (int)(value >> 11 & 3);
                    break;
                case 0x08:
                    card._groups = (card._groups & ~0xFFFF_FFFFul) | value;
                    break;
                case 0x0C:
                    card._groups = (card._groups & 0xFFFF_FFFF) | ((ulong)value << 32);
                    break;
                default: throw new InvalidOperationException($"0x{offset:x} may not be written.");
            }
        }

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
            throw new InvalidOperationException("The card has no registers of 64 bits.");

        protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset)
        {
            var address = ((FakeBlock)target).AddressIn32Bits(targetOffset);
            Assert.Equal(0u, address % 4);
            switch (offset)
            {
                case 0x30: card._ring = address; break;
                case >= 0x20 and <= 0x2C: card._transmitAddress[(offset - 0x20) / 4] = address; break;
                default: throw new InvalidOperationException($"0x{offset:x} takes no address.");
            }
        }
    }
}
