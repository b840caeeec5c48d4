// VIRTIO 1.2, section 2.6: virtqueues.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// The driver's side of a virtqueue. Buffers are added, published to the device, and come back used, in any order. The ring is split (section 2.7) or packed (section 2.8), whichever was
/// settled on; drivers see no difference.
/// </summary>
/// <remarks>
/// <para>
/// <b>Trust:</b> everything the driver relies on is in its own memory. Each word that the device can write is read once and checked; what cannot be throws
/// <see cref="DeviceViolationException"/>.
/// </para>
/// <para>Not thread-safe: one actor's turns.</para>
/// </remarks>
public abstract class Virtqueue
{
    private protected const ushort DescriptorNext = 1;
    private protected const ushort DescriptorWrite = 2;

    private readonly IVirtioTransport _transport;
    private readonly DmaBlock _rings;

    private protected Virtqueue(IVirtioTransport transport, int index, DmaBlock rings, VirtqueueLayout layout)
    {
        _transport = transport;
        _rings = rings;
        Index = index;
        Size = layout.Size;
        FreeDescriptors = layout.Size;
    }

    /// <summary>The queue's number at the device.</summary>
    public int Index { get; }

    /// <summary>Descriptors altogether.</summary>
    public int Size { get; }

    /// <summary>Descriptors not in use.</summary>
    public int FreeDescriptors { get; private protected set; }

    /// <summary>Buffers added and not taken back.</summary>
    public int BuffersInFlight { get; private protected set; }

    /// <summary>Buffers that came back with a written length although nothing in them was writable: some devices do so, and it is harmless.</summary>
    public long OverstatedLengths { get; private set; }

    /// <summary>Notifications written to the device.</summary>
    public long Notifications { get; private set; }

    /// <summary>
    /// Makes queue <paramref name="index"/> with at most <paramref name="sizeLimit"/> descriptors, as the settled <paramref name="features"/> demand, and switches it on. The device was
    /// reset before.
    /// </summary>
    /// <exception cref="VirtioException">There is no such queue, or the device says that it is in use.</exception>
    public static Virtqueue Create(IVirtioTransport transport, int index, int sizeLimit, DmaArena arena, ulong features)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizeLimit);
        var maximum = transport.ReadMaximumQueueSize(index);
        if (maximum <= 0)
        {
            throw new VirtioException($"{transport.Name} has no queue {index}.");
        }

        var size = 1;
        while (size * 2 <= Math.Min(Math.Min(maximum, sizeLimit), VirtqueueLayout.MaximumSize))
        {
            size *= 2;
        }

        var isPacked = (features & VirtioFeatures.RingPacked) != 0;
        var hasEventIndex = (features & VirtioFeatures.EventIndex) != 0;
        var layout = isPacked ? VirtqueueLayout.Packed(size) : VirtqueueLayout.Split(size);
        // The arena hands out zeroed memory, which is the state all rings start in.
        var rings = arena.Allocate(layout.Length, VirtqueueLayout.Alignment);
        Virtqueue queue = isPacked ? new PackedVirtqueue(transport, index, rings, layout, hasEventIndex) : new SplitVirtqueue(transport, index, rings, layout, hasEventIndex);
        try
        {
            transport.EnableQueue(index, rings, layout);
        }
        catch (VirtioException)
        {
            rings.Dispose();
            throw;
        }

        return queue;
    }

    /// <summary>
    /// Adds a buffer made of <paramref name="segments"/> and names it <paramref name="head"/>, a number below <see cref="Size"/>
    /// that is unique among buffers in flight. The device sees it after <see cref="Publish"/>. False if there are too few free descriptors.
    /// </summary>
    public abstract bool TryAdd(ReadOnlySpan<VirtqueueSegment> segments, out int head);

    /// <summary>Shows the device the buffers added since the last call, and notifies it if it asked for that.</summary>
    public abstract void Publish();

    /// <summary>Whether the device is done with a buffer that was not taken back. A look and no more: <see cref="TryTakeUsed"/> judges.</summary>
    public abstract bool HasUsed { get; }

    /// <summary>Takes back one buffer that the device is done with. False if there is none at the moment.</summary>
    /// <exception cref="DeviceViolationException">The device broke the rules; the queue must not be used any further.</exception>
    public abstract bool TryTakeUsed(out UsedBuffer buffer);

    /// <summary>Tells the device not to interrupt for this queue. A hint: an interrupt may still come.</summary>
    public abstract void DisableInterrupts();

    /// <summary>
    /// Asks for an interrupt once <paramref name="after"/> + 1 more buffers were used, then looks once more. True: the interrupt will come. False: buffers were used already, so many that
    /// it may not; go on taking. With a split ring and event index the interrupt comes exactly then; a packed ring counts descriptors, so that it comes earlier where buffers have several;
    /// without event index it comes at the next buffer.
    /// </summary>
    public abstract bool TryEnableInterrupts(int after = 0);

    /// <summary>Gives the ring memory back. Only after the device was reset.</summary>
    public void Dispose() => _rings.Dispose();

    private protected void Notify()
    {
        Notifications++;
        _transport.Notify(Index);
    }

    /// <summary>What to make of more bytes written than the <paramref name="writable"/> ones that a buffer has: a violation, or none where there was nothing to write.</summary>
    private protected uint Overstated(uint length, int writable)
    {
        if (writable != 0)
        {
            throw new DeviceViolationException($"Queue {Index}: {length} bytes written to a buffer of {writable}.");
        }

        OverstatedLengths++;
        return 0;
    }

    private protected DeviceViolationException NotInFlight(uint identifier) => new($"Queue {Index}: buffer {identifier} came back but is not in flight.");

    /// <summary>Whether there is room for so many segments; none at all are a bug.</summary>
    private protected bool HasRoom(int segments)
    {
        ArgumentOutOfRangeException.ThrowIfZero(segments);
        return segments <= FreeDescriptors;
    }

    private protected static void RequireInside(in VirtqueueSegment segment, bool afterWritable)
    {
        if (segment.Length <= 0 || segment.Offset < 0 || segment.Offset > segment.Block.Length - segment.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(segment), segment.Length, "The segment does not lie in its block.");
        }

        if (afterWritable && !segment.IsDeviceWritable)
        {
            throw new ArgumentException("Segments the device reads come before those it writes (section 2.7.4.2).", nameof(segment));
        }
    }
}
