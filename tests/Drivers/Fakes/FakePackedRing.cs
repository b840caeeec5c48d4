// VIRTIO 1.2, section 2.8: packed virtqueues.
namespace Troupe.Drivers.Tests;

/// <summary>The device's side of a packed ring, written from the standard independently of the driver's side: with the indices and wrap counters that the standard has.</summary>
internal sealed class FakePackedRing(FakeMemory memory, FakeVirtioDevice device, FakeQueue queue)
{
    private const int Next = 1, Write = 2, Available = 7, Used = 15;
    private readonly Dictionary<int, int> _lengths = [];

    /// <summary>Where the device looks for the next available descriptor, and its wrap counter.</summary>
    public (int Index, bool Wrap) NextAvailable { get; private set; } = (0, true);

    /// <summary>Where it writes the next used one, and its wrap counter.</summary>
    public (int Index, bool Wrap) NextUsed { get; private set; } = (0, true);

    public bool TryPop(out int head, out List<FakeQueue.Piece> pieces)
    {
        pieces = [];
        head = -1;
        if (!queue.Ready || !IsAvailable(NextAvailable))
        {
            return false;
        }

        bool isLast;
        do
        {
            Assert.True(IsAvailable(NextAvailable), "A chain ends in a descriptor that is not available.");
            var at = At(NextAvailable);
            var flags = memory.Read16(at + 14);
            pieces.Add(new FakeQueue.Piece(memory.Read64(at), (int)memory.Read32(at + 8), (flags & Write) != 0));
            isLast = (flags & Next) == 0;
            head = memory.Read16(at + 12);
            NextAvailable = Advance(NextAvailable, 1);
        }
        while (!isLast);
        Assert.True(_lengths.TryAdd(head, pieces.Count), "Two buffers in flight have one identifier.");
        // Ask to be notified of the very next one, unless the test does the suppressing.
        if (device.HasEventIndex && device.WantsNotifications)
        {
            AskFor(NextAvailable);
        }

        return true;
    }

    /// <summary>Asks for a notification of one descriptor.</summary>
    public void AskFor((int Index, bool Wrap) descriptor) => Suppress((ushort)(descriptor.Index | (descriptor.Wrap ? 0x8000 : 0)), 2);

    /// <summary>Writes the device's event suppression: 2.8.14.</summary>
    public void Suppress(ushort descriptor, ushort flags)
    {
        memory.Write16(queue.Used, descriptor);
        memory.Write16(queue.Used + 2, flags);
    }

    /// <summary>Returns a buffer and says whether the driver wants to hear of it.</summary>
    public bool Push(uint identifier, uint written)
    {
        _lengths.Remove((int)identifier, out var length);
        Overwrite((ushort)identifier, written);
        // What nobody has is a lie, and takes one descriptor.
        var wants = false;
        var (wanted, flags) = (memory.Read16(queue.Available), memory.Read16(queue.Available + 2));
        for (var step = 0; step < Math.Max(1, length); step++)
        {
            wants |= flags == 0 || (flags == 2 && wanted == (NextUsed.Index | (NextUsed.Wrap ? 0x8000 : 0)));
            NextUsed = Advance(NextUsed, 1);
        }

        Assert.True(flags < 2 || device.HasEventIndex, "Without event index the driver may not ask for a descriptor.");
        return wants;
    }

    public (int Index, bool Wrap) Advance((int Index, bool Wrap) from, int by)
    {
        var index = from.Index + by;
        return index >= queue.Size ? (index - queue.Size, !from.Wrap) : (index, from.Wrap);
    }

    public void Reset()
    {
        _lengths.Clear();
        NextAvailable = NextUsed = (0, true);
    }

    // As QEMU does it: without the flag that says that something was written.
    private void Overwrite(ushort identifier, uint written)
    {
        var at = At(NextUsed);
        memory.Write16(at + 12, identifier);
        memory.Write32(at + 8, written);
        memory.Write16(at + 14, (ushort)(NextUsed.Wrap ? (1 << Available) | (1 << Used) : 0));
    }

    private ulong At((int Index, bool Wrap) descriptor) => queue.Descriptors + (16ul * (ulong)descriptor.Index);

    private bool IsAvailable((int Index, bool Wrap) descriptor)
    {
        var flags = memory.Read16(At(descriptor) + 14);
        var available = (flags >> Available & 1) != 0;
        var used = (flags >> Used & 1) != 0;
        return available == descriptor.Wrap && used != descriptor.Wrap;
    }
}
