// VIRTIO 1.2, section 2.7: the device's side of a split virtqueue, written from the standard independently of the driver's side.
namespace Troupe.Verification.Simulator;

/// <summary>One queue of a device.</summary>
internal sealed class SimulatedQueue(SimulatedMemory memory, Func<bool> hasEventIndex)
{
    private const ushort Next = 1;
    private ushort _nextAvailable;

    public ulong Descriptors { get; set; }

    public ulong Available { get; set; }

    public ulong Used { get; set; }

    public int Size { get; set; }

    public bool Ready { get; set; }

    public ushort UsedIndex { get; private set; }

    public readonly record struct Piece(ulong Address, int Length);

    public bool TryPop(out ushort head, List<Piece> pieces)
    {
        pieces.Clear();
        head = 0;
        if (!Ready || memory.Read16(Available + 2) == _nextAvailable)
            return false;
        head = memory.Read16(Available + 4 + 2ul * (ulong)(_nextAvailable % Size));
        _nextAvailable++;
        if (hasEventIndex())
            memory.Write16(Used + 4 + 8ul * (ulong)Size, _nextAvailable);
        for (ushort descriptor = head; ;)
        {
            ulong at = Descriptors + 16ul * descriptor;
            pieces.Add(new(memory.Read64(at), (int)memory.Read32(at + 8)));
            if ((memory.Read16(at + 12) & Next) == 0)
                return true;
            descriptor = memory.Read16(at + 14);
            if (pieces.Count > Size)
                throw new InvariantException("The driver's descriptor chain loops.");
        }
    }

    /// <summary>Returns a buffer and says whether the driver wants to hear of it.</summary>
    public bool Push(uint head, uint written)
    {
        ulong at = Used + 4 + 8ul * (ulong)(UsedIndex % Size);
        memory.Write32(at, head);
        memory.Write32(at + 4, written);
        ushort old = UsedIndex++;
        memory.Write16(Used + 2, UsedIndex);
        if (!hasEventIndex())
            return (memory.Read16(Available) & 1) == 0;
        ushort wanted = memory.Read16(Available + 4 + 2ul * (ulong)Size);
        return (ushort)(UsedIndex - wanted - 1) < (ushort)(UsedIndex - old);
    }

    public void Reset()
    {
        Ready = false;
        _nextAvailable = 0;
        UsedIndex = 0;
    }
}
