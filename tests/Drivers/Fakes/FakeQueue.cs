namespace Troupe.Drivers.Tests;

/// <summary>The device's side of a virtqueue, written from the standard independently of the driver's side: a split one, or <see cref="Packed"/> where that was agreed on.</summary>
internal sealed class FakeQueue(FakeMemory memory, FakeVirtioDevice device, int index)
{
    public ulong Descriptors;
    public ulong Available;
    public ulong Used;
    public int Size;
    public bool Ready;
    private ushort _nextAvailable;
    private FakePackedRing? _packed;

    public ushort UsedIndex;

    public int Notifications { get; set; }

    public FakePackedRing Packed => _packed ??= new FakePackedRing(memory, device, this);

    public readonly record struct Piece(ulong Address, int Length, bool Writable);

    public bool TryPop(out int head, out List<Piece> pieces)
    {
        if (device.IsPacked)
        {
            return Packed.TryPop(out head, out pieces);
        }

        pieces = [];
        head = -1;
        if (!Ready || memory.Read16(Available + 2) == _nextAvailable)
        {
            return false;
        }

        head = memory.Read16(Available + 4 + (2ul * (ulong)(_nextAvailable % Size)));
        _nextAvailable++;
        // Ask to be notified of the very next one, unless the test does the suppressing.
        if (device.HasEventIndex && device.WantsNotifications)
        {
            memory.Write16(Used + 4 + (8ul * (ulong)Size), _nextAvailable);
        }

        for (var descriptor = head; ;)
        {
            var at = Descriptors + (16ul * (ulong)descriptor);
            var flags = memory.Read16(at + 12);
            pieces.Add(new Piece(memory.Read64(at), (int)memory.Read32(at + 8), (flags & 2) != 0));
            if ((flags & 1) == 0)
            {
                return true;
            }

            descriptor = memory.Read16(at + 14);
            Assert.True(pieces.Count <= Size, "The descriptor chain loops.");
        }
    }

    /// <summary>Returns a buffer and says whether the driver wants to hear of it.</summary>
    public bool Push(uint head, uint written)
    {
        if (device.IsPacked)
        {
            return Packed.Push(head, written);
        }

        var at = Used + 4 + (8ul * (ulong)(UsedIndex % Size));
        memory.Write32(at, head);
        memory.Write32(at + 4, written);
        var old = UsedIndex++;
        memory.Write16(Used + 2, UsedIndex);
        if (!device.HasEventIndex)
        {
            return (memory.Read16(Available) & 1) == 0;
        }

        var wanted = memory.Read16(Available + 4 + (2ul * (ulong)Size));
        return (ushort)(UsedIndex - wanted - 1) < (ushort)(UsedIndex - old);
    }

    public void PushAndInterrupt(uint head, uint written)
    {
        if (Push(head, written))
        {
            device.InterruptQueue(index);
        }
    }

    public void Reset()
    {
        Ready = false;
        _nextAvailable = 0;
        UsedIndex = 0;
        _packed?.Reset();
    }
}
