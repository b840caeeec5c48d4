// Realtek RTL8139C(L)+ data sheet, section 6, from the card's side, and what no driver may rely on.
using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Rtl8139;

namespace Troupe.Verification.Simulator;

/// <summary>An RTL8139 that can misbehave.</summary>
internal sealed class LyingRtl8139 : PciFunction, ILyingCard
{
    private const ushort Received = 0x01, Sent = 0x04, LinkChanged = 0x20, SystemError = 0x8000;
    private const byte RingEmpty = 0x01, TransmitterOn = 0x04, ReceiverOn = 0x08, ResetBit = 0x10;
    private const uint HasBuffer = 1 << 13, SentWell = 1 << 15;
    private const ushort ReceivedWell = 1;
    private const int Slots = 4;
    private const int MostStorm = 300;

    private readonly GuardedMemory _memory;
    private readonly Random _random;
    private readonly Window _window;
    private readonly uint[] _status = new uint[Slots];
    private readonly uint[] _address = new uint[Slots];
    private readonly SimulatedLine _line;
    private GuardedArena? _arena;
    private uint _ring;
    private int _ringLength = 8192;
    private byte _command;
    private ushort _causes, _mask;
    private int _writePosition, _readPosition, _nextSlot;
    private int _storm, _hangingResets, _garbageReads;
    private bool _isBusMaster, _isDead, _isGone, _losesInterrupts, _hasLink = true, _isHealed;

    private LyingRtl8139(GuardedMemory memory, Random random)
    {
        _memory = memory;
        _random = random;
        _window = new(this);
        _line = new(() => (_causes & _mask) != 0 || (_storm > 0 && _storm-- > 0), () => _losesInterrupts);
        Array.Fill(_status, HasBuffer);
    }

    public IReadOnlyList<Misbehaviour> Kinds { get; } =
    [
        Misbehaviour.IndexAhead, Misbehaviour.IndexBack, Misbehaviour.NotOffered, Misbehaviour.WrongLength, Misbehaviour.HeaderGarbage, Misbehaviour.BufferGarbage, Misbehaviour.RingGarbage,
        Misbehaviour.RegisterGarbage, Misbehaviour.ConfigurationChange, Misbehaviour.AsksForReset, Misbehaviour.Dead, Misbehaviour.ResetHangs, Misbehaviour.InterruptStorm,
        Misbehaviour.SpuriousInterrupt, Misbehaviour.LostInterrupt,
    ];

    public bool IsWell { get; private set; }

    public override string Name => "lying";

    public override PciAddress Address => new(0, 4, 0);

    public override int VectorCount => 0;

    private bool IsServing => _isBusMaster && !_isDead && !_isGone && (_command & ReceiverOn) != 0 && _ring != 0;

    private int Unread => (_writePosition - _readPosition + _ringLength) % _ringLength;

    /// <summary>The card and its driver.</summary>
    public static (ILyingCard Card, DrivenCard Driven) Create(NetworkBench bench, Random random)
    {
        LyingRtl8139 card = new(bench.Memory, random);
        Rtl8139Options options = new() { ReceiveFrameCount = 8, TransmitFrameCount = 12, BatchCount = 12, TransmitQueueLength = 8, ReceiveBudget = 1 + random.Next(16) };
        Rtl8139Device driven = new(card, card.CreateArena(Rtl8139Device.RequiredDmaMemory), options);
        ActorRef<NetworkDeviceMessage> driver = bench.System.Spawn(() => new Rtl8139Driver(driven), new SpawnOptions { Name = "rtl8139", OnFailure = FailurePolicy.Restart });
        return (card, new(driver, driven.ReceiveFrames, driven.TransmitFrames, driven.Batches, () => card._arena!.BytesInQuarantine));
    }

    public override uint ReadConfiguration(int offset) => offset == 0 ? 0x8139_10EC : 0;

    public override RegisterWindow OpenBar(int bar) => _window;

    public override InterruptLine OpenVector(int vector) => throw new CapabilityException("No MSI-X.");

    public override InterruptLine OpenInterrupt() => _line;

    public override void SetBusMaster(bool enabled) => _isBusMaster = enabled;

    public override DmaArena CreateArena(long limit) => _arena = new(_memory, limit);

    public override void Revoke()
    {
    }

    public void Serve(Action<byte[]> wire)
    {
        while (IsServing && (_command & TransmitterOn) != 0 && (_status[_nextSlot] & HasBuffer) == 0)
        {
            wire(_memory.At(_address[_nextSlot], (int)(_status[_nextSlot] & 0x1FFF)).ToArray());
            _status[_nextSlot] |= HasBuffer | SentWell;
            _nextSlot = (_nextSlot + 1) % Slots;
            Raise(Sent);
        }
    }

    public bool TryDeliver(byte[] frame) => TryPut(ReceivedWell, frame.Length + 4, frame);

    public bool Misbehave(Misbehaviour kind)
    {
        switch (kind)
        {
            case Misbehaviour.IndexAhead or Misbehaviour.IndexBack when IsServing:
                _writePosition = _random.Next(2) == 0 ? _random.Next(65536) : _writePosition + (kind == Misbehaviour.IndexAhead ? 1 : -1) * _random.Next(200) & 0xFFFF;
                Raise(Received);
                return true;
            case Misbehaviour.NotOffered:
                // The card's own bit as it is when it has nothing to send.
                _status[_random.Next(Slots)] = (uint)_random.NextInt64(1L << 32) | HasBuffer;
                Raise(Sent);
                return true;
            case Misbehaviour.WrongLength:
                return TryPut(ReceivedWell, _random.Next(65536), new byte[_random.Next(200)]);
            case Misbehaviour.HeaderGarbage:
                return TryPut((ushort)_random.Next(65536), _random.Next(2) == 0 ? _random.Next(1600) : _random.Next(65536), new byte[_random.Next(200)]);
            case Misbehaviour.BufferGarbage or Misbehaviour.RingGarbage when IsServing:
                Scribble(all: kind == Misbehaviour.BufferGarbage);
                return true;
            case Misbehaviour.RegisterGarbage:
                _garbageReads = 1 + _random.Next(30);
                Raise(Received);
                return true;
            case Misbehaviour.ConfigurationChange:
                _hasLink = _random.Next(2) == 0;
                Raise(LinkChanged);
                return true;
            case Misbehaviour.AsksForReset:
                Raise(SystemError);
                return true;
            case Misbehaviour.Dead:
                // Silent, or pulled out of its slot: then everything reads as ones.
                _isDead = true;
                _isGone = _random.Next(2) == 0;
                _line.FireSpuriously();
                return true;
            case Misbehaviour.ResetHangs:
                _hangingResets = 1 + _random.Next(4);
                Raise(SystemError);
                return true;
            case Misbehaviour.InterruptStorm:
                _storm = 1 + _random.Next(MostStorm);
                _line.Update();
                return true;
            case Misbehaviour.SpuriousInterrupt:
                _line.FireSpuriously();
                return true;
            case Misbehaviour.LostInterrupt:
                _losesInterrupts = true;
                return true;
            default:
                return false;
        }
    }

    // A network card that says nothing has nobody who waits for it: it tells of its failure itself.
    public void Heal()
    {
        (_isHealed, _isGone, _losesInterrupts, _hangingResets, _garbageReads) = (true, false, false, 0, 0);
        Raise(SystemError);
    }

    private bool TryPut(ushort status, int length, byte[] frame)
    {
        int room = Unread == 0 ? _ringLength : _ringLength - Unread;
        // Never exactly full, which could not be told from empty.
        if (!IsServing || frame.Length + 12 >= room)
            return false;
        byte[] packet = new byte[8 + frame.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(packet, status);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(2), (ushort)length);
        frame.CopyTo(packet, 4);
        Span<byte> ring = _memory.At(_ring, _ringLength);
        _writePosition %= _ringLength;
        int untilEnd = Math.Min(packet.Length, _ringLength - _writePosition);
        packet.AsSpan(0, untilEnd).CopyTo(ring[_writePosition..]);
        packet.AsSpan(untilEnd).CopyTo(ring);
        _writePosition = (_writePosition + packet.Length + 3) / 4 * 4 % _ringLength;
        Raise(Received);
        return true;
    }

    private void Scribble(bool all)
    {
        Span<byte> part = _random.Next(2) == 0 ? _memory.At(_ring, _ringLength) : _memory.At(_address[_random.Next(Slots)], 1536);
        if (all)
            _random.NextBytes(part);
        for (int times = 1 + _random.Next(16); times > 0; times--)
            part[_random.Next(part.Length)] = (byte)_random.Next(256);
        if (all)
            _writePosition = _random.Next(_ringLength);
        Raise(Received);
    }

    private void Raise(ushort cause)
    {
        _causes |= cause;
        _line.Raise();
    }

    private void Reset()
    {
        if (_hangingResets > 0)
        {
            _hangingResets--;
            _command |= ResetBit;
            return;
        }

        _command = 0;
        (_mask, _causes, _ring, _ringLength) = (0, 0, 0, 8192);
        (_writePosition, _readPosition, _nextSlot, _storm) = (0, 0, 0, 0);
        Array.Clear(_address);
        Array.Fill(_status, HasBuffer);
        _isDead &= !_isHealed && _random.Next(2) == 0;
        _isGone &= _isDead;
        _losesInterrupts &= !_isHealed && _random.Next(2) == 0;
        _hasLink |= _isHealed;
        IsWell = _isHealed;
    }

    private sealed class Window(LyingRtl8139 card) : RegisterWindow(0x100)
    {
        protected override byte Read8Core(int offset) => IsGarbage() ? (byte)card._random.Next(256) : offset switch
        {
            _ when card._isGone => (byte)0xFF,
            0x37 => card.Unread == 0 ? (byte)(card._command | RingEmpty) : card._command,
            0x58 => (byte)(card._hasLink ? 0x10 : 0x14),
            _ => throw new InvariantException($"0x{offset:x} is no 8-bit register."),
        };

        protected override ushort Read16Core(int offset) => IsGarbage() ? (ushort)card._random.Next(65536) : offset switch
        {
            _ when card._isGone => (ushort)0xFFFF,
            0x3A => (ushort)card._writePosition,
            0x3E => card._causes,
            _ => throw new InvariantException($"0x{offset:x} is no 16-bit register."),
        };

        protected override uint Read32Core(int offset) => IsGarbage() ? (uint)card._random.NextInt64(1L << 32) : offset switch
        {
            _ when card._isGone => uint.MaxValue,
            0x00 => 0x1200_5452,
            0x04 => 0xABCD_5634,
            >= 0x10 and <= 0x1C => card._status[(offset - 0x10) / 4],
            _ => throw new InvariantException($"0x{offset:x} is no 32-bit register."),
        };

        protected override void Write8Core(int offset, byte value)
        {
            if ((value & ResetBit) != 0)
                card.Reset();
            else
                card._command = value;
        }

        protected override void Write16Core(int offset, ushort value)
        {
            switch (offset)
            {
                case 0x38:
                    card._readPosition = (value + 16) % card._ringLength;
                    break;
                case 0x3C:
                    card._mask = value;
                    card._line.Raise();
                    break;
                case 0x3E:
                    card._causes &= (ushort)~value;
                    break;
                default:
                    throw new InvariantException($"0x{offset:x} may not be written.");
            }
        }

        protected override void Write32Core(int offset, uint value)
        {
            switch (offset)
            {
                case >= 0x10 and <= 0x1C:
                    card._status[(offset - 0x10) / 4] = value;
                    break;
                case 0x44:
                    card._ringLength = 8192 << (int)(value >> 11 & 3);
                    break;
                case 0x40 or 0x08 or 0x0C:
                    break;
                default:
                    throw new InvariantException($"0x{offset:x} may not be written.");
            }
        }

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) => throw new InvariantException("The card has no registers of 64 bits.");

        protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset)
        {
            uint address = (uint)(((GuardedBlock)target).Address + (ulong)targetOffset);
            if (offset == 0x30)
                card._ring = address;
            else
                card._address[(offset - 0x20) / 4] = address;
        }

        private bool IsGarbage() => card._garbageReads > 0 && card._garbageReads-- > 0;
    }
}
