// VIRTIO 1.2, sections 2 and 4.2 (MMIO), from the device's side, and what they forbid it.
using System.Buffers.Binary;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Simulator;

/// <summary>A virtio device that behaves until it is told to do otherwise. What it is for is its owner's business: it takes buffers, and gives them back.</summary>
internal sealed class LyingVirtioDevice : PlatformDevice
{
    /// <summary>A ring of this size is packed. Not drawn, so that the seeds of old cases take the ways they took.</summary>
    public const int PackedRing = 16;

    private const int MostStorm = 300;
    private const uint QueueCause = 1, ConfigurationCause = 2;

    private readonly GuardedMemory _memory;
    private readonly Random _random;
    private readonly Window _window;
    private readonly ulong _features;
    private readonly int _ring;
    private readonly byte[] _usual;
    private ulong _driverFeatures;
    private VirtioStatus _status;
    private uint _causes;
    private int _storm;
    private int _hangingResets;
    private int _garbageReads;
    private bool _losesInterrupts;
    private bool _isHealed;
    private bool _hasMisledDriver;
    private uint _generation;

    public LyingVirtioDevice(GuardedMemory memory, Random random, VirtioDeviceType type, int queues, int ring, ulong features, byte[] configuration)
    {
        _memory = memory;
        _random = random;
        _features = features | VirtioFeatures.Version1;
        _ring = ring;
        _usual = configuration;
        Configuration = [.. configuration];
        Type = type;
        Queues = [.. Enumerable.Range(0, queues).Select(_ => new LyingQueue(memory, () => _driverFeatures))];
        _window = new(this);
        Line = new(() => _causes != 0 || (_storm > 0 && _storm-- > 0), () => _losesInterrupts);
    }

    public override string Name => "lying";

    public VirtioDeviceType Type { get; }

    public SimulatedLine Line { get; }

    public LyingQueue[] Queues { get; }

    public byte[] Configuration { get; }

    public ulong DriverFeatures => _driverFeatures;

    public GuardedArena? Arena { get; private set; }

    /// <summary>How often the driver reset it.</summary>
    public long Resets { get; private set; }

    /// <summary>Whether it answers nothing.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Whether it may use its queues, and knows its way about them.</summary>
    public bool IsServing => IsRunning && !IsDead && Array.TrueForAll(Queues, static queue => queue.Ready && !queue.IsConfused);

    /// <summary>Whether it was reset since it was told to behave.</summary>
    public bool IsWell { get; private set; }

    private bool IsRunning => (_status & VirtioStatus.DriverOk) != 0 && (_status & VirtioStatus.NeedsReset) == 0;

    public override RegisterWindow OpenRegisters() => _window;

    public override InterruptLine OpenInterrupt() => Line;

    public override DmaArena CreateArena(long limit) => Arena = new(_memory, limit);

    public override void Revoke()
    {
    }

    /// <summary>Gives a buffer back as it should be.</summary>
    public void Return(int queue, LyingChain chain, int written)
    {
        Queues[queue].Taken.Remove(chain);
        Complete(queue, chain.Head, (uint)written);
    }

    /// <summary>Gives back whatever the number names.</summary>
    public void Complete(int queue, uint head, uint written)
    {
        if (Queues[queue].Push(head, written))
            Interrupt(QueueCause);
    }

    /// <summary>Does what it may not do. False: it is in no state to do it.</summary>
    public bool Misbehave(Misbehaviour kind)
    {
        LyingQueue queue = Queues[_random.Next(Queues.Length)];
        if (kind is Misbehaviour.IndexAhead or Misbehaviour.IndexBack or Misbehaviour.WrongIdentifier or Misbehaviour.NotOffered or Misbehaviour.DuplicateCompletion
            or Misbehaviour.WrongLength or Misbehaviour.RingGarbage or Misbehaviour.EventGarbage or Misbehaviour.BufferGarbage && (!IsServing || !queue.Ready))
            return false;
        switch (kind)
        {
            case Misbehaviour.IndexAhead:
                queue.ClaimIndex(_random.Next(3) == 0 ? _random.Next(1, 65536) : 1 + _random.Next(queue.Size + 2));
                Interrupt(QueueCause);
                break;
            case Misbehaviour.IndexBack:
                queue.ClaimIndex(-1 - _random.Next(queue.Size));
                Interrupt(QueueCause);
                break;
            case Misbehaviour.WrongIdentifier:
                queue.Push(_random.Next(2) == 0 ? (uint)_random.NextInt64(1L << 32) : (uint)(queue.Size + _random.Next(4)), Length());
                Interrupt(QueueCause);
                break;
            case Misbehaviour.NotOffered:
                queue.Push((uint)_random.Next(queue.Size), Length());
                Interrupt(QueueCause);
                break;
            case Misbehaviour.DuplicateCompletion when queue.LastReturned is { } last:
                queue.Push(last.Head, last.Written);
                Interrupt(QueueCause);
                break;
            case Misbehaviour.WrongLength when TryTake(queue, out LyingChain? chain):
                int writable = chain!.Writable;
                queue.Taken.Remove(chain);
                queue.Push(chain.Head, _random.Next(3) switch { 0 => Length(), 1 => (uint)(writable + 1 + _random.Next(64)), _ => (uint)_random.Next(writable + 1) });
                Interrupt(QueueCause);
                break;
            case Misbehaviour.BufferGarbage:
                return ScribbleOnBuffers(queue);
            case Misbehaviour.RingGarbage:
                queue.Scribble(_random, onDriversPart: _random.Next(3) == 0);
                Interrupt(QueueCause);
                break;
            case Misbehaviour.EventGarbage:
                queue.ScribbleOnEvents(_random);
                break;
            case Misbehaviour.RegisterGarbage:
                _hasMisledDriver = true;
                _garbageReads = 1 + _random.Next(30);
                Interrupt(QueueCause | ConfigurationCause);
                break;
            case Misbehaviour.ConfigurationChange:
                ChangeConfiguration();
                break;
            case Misbehaviour.AsksForReset:
                _status |= VirtioStatus.NeedsReset;
                Interrupt(ConfigurationCause);
                break;
            case Misbehaviour.Dead:
                IsDead = true;
                break;
            case Misbehaviour.ResetHangs:
                _hangingResets = 1 + _random.Next(4);
                _status |= VirtioStatus.NeedsReset;
                Interrupt(ConfigurationCause);
                break;
            case Misbehaviour.InterruptStorm:
                _storm = 1 + _random.Next(MostStorm);
                Line.Update();
                break;
            case Misbehaviour.SpuriousInterrupt:
                Line.FireSpuriously();
                break;
            case Misbehaviour.LostInterrupt:
                _losesInterrupts = true;
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>
    /// From its next reset on it behaves. With <paramref name="saysSo"/> it asks for that, as a device does that knows that it failed; otherwise the driver has to find out. It cannot if what
    /// it read of the device is wrong and makes sense, as another capacity does (section 5.2.4), or that the disk is read-only: after such lies the device tells in any case.
    /// </summary>
    public void Heal(bool saysSo)
    {
        _isHealed = true;
        _hangingResets = 0;
        _garbageReads = 0;
        if (!saysSo && !_hasMisledDriver)
            return;
        _losesInterrupts = false;
        _status |= VirtioStatus.NeedsReset;
        Interrupt(ConfigurationCause);
    }

    private bool TryTake(LyingQueue queue, out LyingChain? chain)
    {
        queue.TakeAll();
        chain = queue.Taken.Count == 0 ? null : queue.Taken[_random.Next(queue.Taken.Count)];
        return chain is not null;
    }

    private bool ScribbleOnBuffers(LyingQueue queue)
    {
        if (!TryTake(queue, out LyingChain? chain))
            return false;
        foreach (LyingChain.Piece piece in chain!.Pieces.Where(static piece => piece.IsWritable))
            _random.NextBytes(_memory.At(piece.Address, piece.Length));
        if (_random.Next(2) == 0)
        {
            queue.Taken.Remove(chain);
            queue.Push(chain.Head, (uint)chain.Writable);
            Interrupt(QueueCause);
        }

        return true;
    }

    private void ChangeConfiguration()
    {
        _hasMisledDriver = true;
        _generation++;
        for (int times = 1 + _random.Next(8); times > 0; times--)
            Configuration[_random.Next(Configuration.Length)] = (byte)_random.Next(256);
        Interrupt(ConfigurationCause);
    }

    private uint Length() => _random.Next(2) == 0 ? (uint)_random.NextInt64(1L << 32) : (uint)_random.Next(4096);

    private void Interrupt(uint cause)
    {
        _causes |= cause;
        Line.Raise();
    }

    private void WriteStatus(VirtioStatus status)
    {
        if (status != VirtioStatus.Reset)
        {
            _status = status;
            return;
        }

        Resets++;
        // While a reset hangs, the device still has everything it had.
        if (_hangingResets > 0)
        {
            _hangingResets--;
            _status |= VirtioStatus.NeedsReset;
            return;
        }

        _status = VirtioStatus.Reset;
        _driverFeatures = 0;
        _causes = 0;
        _storm = 0;
        foreach (LyingQueue queue in Queues)
            queue.Reset();
        // Some come back by a reset, some only when faults are over; and a configuration may have changed for good.
        IsDead &= !_isHealed && _random.Next(2) == 0;
        _losesInterrupts &= !_isHealed && _random.Next(2) == 0;
        if (_isHealed || _random.Next(2) == 0)
            _usual.CopyTo(Configuration, 0);
        IsWell = _isHealed;
    }

    private sealed class Window(LyingVirtioDevice device) : RegisterWindow(0x200)
    {
        private const int Configuration = 0x100;
        private uint _deviceSelect;
        private uint _driverSelect;
        private uint _queue;

        private LyingQueue? Queue => _queue < device.Queues.Length ? device.Queues[_queue] : null;

        protected override byte Read8Core(int offset) => IsGarbage() ? (byte)device._random.Next(256) : Bytes(offset, 1)[0];

        protected override ushort Read16Core(int offset) => IsGarbage() ? (ushort)device._random.Next(65536) : BinaryPrimitives.ReadUInt16LittleEndian(Bytes(offset, 2));

        protected override uint Read32Core(int offset) => IsGarbage() ? (uint)device._random.NextInt64(1L << 32) : offset switch
        {
            0x000 => 0x74726976,
            0x004 => 2,
            0x008 => (uint)device.Type,
            0x010 => _deviceSelect > 1 ? 0 : (uint)(device._features >> (int)(32 * _deviceSelect)),
            0x034 => Queue is null ? 0 : (uint)device._ring,
            0x044 => Queue is { Ready: true } ? 1u : 0,
            0x060 => device._causes,
            0x070 => (uint)device._status,
            0x0fc => device._generation,
            >= Configuration => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(offset, 4)),
            _ => throw new InvariantException($"Register 0x{offset:x} may not be read."),
        };

        protected override void Write8Core(int offset, byte value) => throw new InvariantException("Registers are written by 32 bits.");

        protected override void Write16Core(int offset, ushort value) => throw new InvariantException("Registers are written by 32 bits.");

        protected override void Write32Core(int offset, uint value)
        {
            switch (offset)
            {
                case 0x014:
                    _deviceSelect = value;
                    break;
                case 0x024:
                    _driverSelect = value;
                    break;
                case 0x020:
                    device._driverFeatures = _driverSelect == 0
                        ? (device._driverFeatures & 0xFFFF_FFFF_0000_0000) | value
                        : (device._driverFeatures & 0xFFFF_FFFF) | ((ulong)value << 32);
                    break;
                case 0x030:
                    _queue = value;
                    break;
                case 0x038 when Queue is { } queue:
                    // A size that was never offered, because the register read as garbage, is the driver's answer to a lie.
                    queue.Size = (int)value;
                    break;
                case 0x044 when Queue is { } queue:
                    queue.Ready = value == 1;
                    break;
                case 0x050:
                    break;
                case 0x064:
                    device._causes &= ~value;
                    break;
                case 0x070:
                    device.WriteStatus((VirtioStatus)value);
                    break;
                default:
                    if (device._garbageReads == 0 && Queue is not null)
                        throw new InvariantException($"Register 0x{offset:x} may not be written.");
                    break;
            }
        }

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset)
        {
            ulong address = ((GuardedBlock)target).Address + (ulong)targetOffset;
            switch (offset)
            {
                case 0x080 when Queue is { } queue:
                    queue.Descriptors = address;
                    break;
                case 0x090 when Queue is { } queue:
                    queue.Available = address;
                    break;
                case 0x0a0 when Queue is { } queue:
                    queue.Used = address;
                    break;
                default:
                    throw new InvariantException($"Register 0x{offset:x} takes no address.");
            }
        }

        private bool IsGarbage() => device._garbageReads > 0 && device._garbageReads-- > 0;

        // What lies behind the configuration reads as zeros.
        private ReadOnlySpan<byte> Bytes(int offset, int length)
        {
            byte[] bytes = new byte[length];
            for (int index = 0; index < length; index++)
                bytes[index] = offset - Configuration + index is >= 0 and var at && at < device.Configuration.Length ? device.Configuration[at] : (byte)0;
            return bytes;
        }
    }
}
