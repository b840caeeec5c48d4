// VIRTIO 1.2, section 2.7: the device's side of a split virtqueue, written from the standard independently of the driver's side; and what the standard forbids it.
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Simulator;

/// <summary>A buffer of the driver's, as the device sees it.</summary>
internal sealed record LyingChain(ushort Head, IReadOnlyList<LyingChain.Piece> Pieces)
{
    public readonly record struct Piece(ulong Address, int Length, bool IsWritable);

    public int Writable => Pieces.Sum(static piece => piece.IsWritable ? piece.Length : 0);
}

/// <summary>One queue of a device that lies: a split ring, or a <see cref="LyingPackedRing"/> where the driver agreed to that.</summary>
internal sealed class LyingQueue
{
    private const ushort Next = 1;
    private const ushort Write = 2;
    private readonly GuardedMemory _memory;
    private readonly Func<ulong> _features;
    private readonly LyingPackedRing _packed;
    private ushort _nextAvailable;
    private ushort _usedIndex;

    /// <summary>A queue in this memory, of a device whose driver agreed to these features.</summary>
    public LyingQueue(GuardedMemory memory, Func<ulong> features)
    {
        _memory = memory;
        _features = features;
        _packed = new(memory, this, () => HasEventIndex);
    }

    public ulong Descriptors { get; set; }

    public ulong Available { get; set; }

    public ulong Used { get; set; }

    public int Size { get; set; }

    public bool Ready { get; set; }

    /// <summary>Whether the device wrote where it reads from: it is lost until it is reset.</summary>
    public bool IsConfused { get; private set; }

    /// <summary>Buffers that the device has.</summary>
    public List<LyingChain> Taken { get; } = [];

    /// <summary>The last buffer that was given back, and with how many octets; null after a reset.</summary>
    public (uint Head, uint Written)? LastReturned { get; private set; }

    /// <summary>Octets of what the device alone writes: the used ring, or its event suppression.</summary>
    public int UsedLength => IsPacked ? 4 : 4 + (8 * Size) + 2;

    private bool IsPacked => (_features() & VirtioFeatures.RingPacked) != 0;

    private bool HasEventIndex => (_features() & VirtioFeatures.EventIndex) != 0;

    /// <summary>Takes everything that the driver has made available.</summary>
    public void TakeAll()
    {
        if (IsPacked)
        {
            while (Ready && !IsConfused && _packed.Take() is { } chain)
                Taken.Add(chain);
            return;
        }

        while (Ready && !IsConfused && _memory.Read16(Available + 2) != _nextAvailable)
        {
            ushort head = _memory.Read16(Available + 4 + (2ul * (ulong)(_nextAvailable % Size)));
            _nextAvailable++;
            if (HasEventIndex)
                _memory.Write16(Used + 4 + (8ul * (ulong)Size), _nextAvailable);
            Taken.Add(Follow(head));
        }
    }

    /// <summary>Gives a buffer back, or says so; whether the driver wants to hear of it.</summary>
    public bool Push(uint head, uint written)
    {
        if (IsPacked)
        {
            bool wants = _packed.Push(head, written, out bool isTrue);
            IsConfused |= !isTrue;
            LastReturned = (head, written);
            return wants;
        }

        ulong at = Used + 4 + (8ul * (ulong)(_usedIndex % Size));
        _memory.Write32(at, head);
        _memory.Write32(at + 4, written);
        ushort old = _usedIndex++;
        _memory.Write16(Used + 2, _usedIndex);
        LastReturned = (head, written);
        if (!HasEventIndex)
            return (_memory.Read16(Available) & 1) == 0;
        ushort wanted = _memory.Read16(Available + 4 + (2ul * (ulong)Size));
        return (ushort)(_usedIndex - wanted - 1) < (ushort)(_usedIndex - old);
    }

    /// <summary>Says that it is further than it is, or not as far.</summary>
    public void ClaimIndex(int by)
    {
        if (IsPacked)
        {
            _packed.Claim(by);
            IsConfused = true;
            return;
        }

        _memory.Write16(Used + 2, (ushort)(_usedIndex + by));
    }

    public void Scribble(Random random, bool onDriversPart)
    {
        Span<byte> part = onDriversPart ? _memory.At(Descriptors, (int)(Used - Descriptors)) : _memory.At(Used, UsedLength);
        for (int times = 1 + random.Next(16); times > 0; times--)
            part[random.Next(part.Length)] = (byte)random.Next(256);
        IsConfused |= onDriversPart;
    }

    public void ScribbleOnEvents(Random random)
    {
        _memory.Write16(Used, (ushort)random.Next(65536));
        _memory.Write16(IsPacked ? Used + 2 : Used + 4 + (8ul * (ulong)Size), (ushort)random.Next(65536));
    }

    public void Reset()
    {
        Ready = false;
        IsConfused = false;
        _nextAvailable = 0;
        _usedIndex = 0;
        Taken.Clear();
        LastReturned = null;
        _packed.Reset();
    }

    private LyingChain Follow(ushort head)
    {
        List<LyingChain.Piece> pieces = [];
        for (ushort descriptor = head; ;)
        {
            if (descriptor >= Size || pieces.Count == Size)
                throw new InvariantException($"The driver's descriptors do not end: {descriptor} after {pieces.Count} in a queue of {Size}.");
            ulong at = Descriptors + (16ul * descriptor);
            ushort flags = _memory.Read16(at + 12);
            LyingChain.Piece piece = new(_memory.Read64(at), (int)_memory.Read32(at + 8), (flags & Write) != 0);
            // Told if it is no memory of the device's.
            _memory.At(piece.Address, piece.Length);
            pieces.Add(piece);
            if ((flags & Next) == 0)
                return new(head, pieces);
            descriptor = _memory.Read16(at + 14);
        }
    }
}
