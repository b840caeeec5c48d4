// VIRTIO 1.2, section 2.7: split virtqueues; 2.7.7 and 2.7.10: notification suppression.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// The driver's side of a split virtqueue. Buffers are added, published to the device, and come back used, in any order.
/// </summary>
/// <remarks>
/// <para>
/// <b>Trust:</b> everything the driver relies on (free list, chain lengths, indices) is in its own memory. Of what the
/// device can write, only the used ring and the event index are read, each word once, and checked: a used index that
/// runs ahead of what is in flight, an identifier that is not in flight, or more bytes than the buffer holds throws
/// <see cref="DeviceViolationException"/>. The event index is a hint that can at worst cost a notification too many
/// or stall the device that lied.
/// </para>
/// <para>
/// <b>Ordering,</b> each with its reader's half:
/// (1) descriptors and ring entries, then the available index with release: the device reads the index first.
/// (2) available index, <i>full fence</i>, then the event index: the device writes its event index and then reads the
/// available index once more; one of the two sees the other's store.
/// (3) used index with acquire, then the used element and the buffer: the device wrote them in the other order.
/// (4) used event, <i>full fence</i>, then the used index once more: as (2), with the roles changed.
/// </para>
/// <para>All indices run freely in 16 bits and wrap at 65,536; differences are taken in 16 bits. Not thread-safe: one actor's turns.</para>
/// </remarks>
public sealed class Virtqueue
{
    private const ushort DescriptorNext = 1;
    private const ushort DescriptorWrite = 2;
    private const ushort NoInterrupt = 1;
    private const ushort NoNotify = 1;
    private const int NoDescriptor = -1;

    private readonly IVirtioTransport _transport;
    private readonly DmaBlock _rings;
    private readonly VirtqueueLayout _layout;
    private readonly bool _hasEventIndex;
    private readonly int[] _next;
    private readonly int[] _chainLength;
    private readonly int[] _writableLength;
    private int _firstFree;
    private ushort _available;
    private ushort _published;
    private ushort _used;

    private Virtqueue(IVirtioTransport transport, int index, DmaBlock rings, VirtqueueLayout layout, bool hasEventIndex)
    {
        _transport = transport;
        _rings = rings;
        _layout = layout;
        _hasEventIndex = hasEventIndex;
        Index = index;
        FreeDescriptors = layout.Size;
        _next = new int[layout.Size];
        _chainLength = new int[layout.Size];
        _writableLength = new int[layout.Size];
        for (var descriptor = 0; descriptor < layout.Size; descriptor++)
        {
            _next[descriptor] = descriptor + 1 < layout.Size ? descriptor + 1 : NoDescriptor;
        }
    }

    /// <summary>The queue's number at the device.</summary>
    public int Index { get; }

    /// <summary>Descriptors altogether.</summary>
    public int Size => _layout.Size;

    /// <summary>Descriptors not in use.</summary>
    public int FreeDescriptors { get; private set; }

    /// <summary>Buffers added and not taken back.</summary>
    public int BuffersInFlight { get; private set; }

    /// <summary>Buffers that came back with a written length although nothing in them was writable: some devices do so, and it is harmless.</summary>
    public long OverstatedLengths { get; private set; }

    /// <summary>Notifications written to the device.</summary>
    public long Notifications { get; private set; }

    /// <summary>
    /// Makes queue <paramref name="index"/> with at most <paramref name="sizeLimit"/> descriptors and switches it on. The device was
    /// reset before, and its features are settled.
    /// </summary>
    /// <exception cref="VirtioException">There is no such queue, or the device says that it is in use.</exception>
    public static Virtqueue Create(IVirtioTransport transport, int index, int sizeLimit, DmaArena arena, bool hasEventIndex)
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

        var layout = new VirtqueueLayout(size);
        // The arena hands out zeroed memory, which is the state both rings start in.
        var rings = arena.Allocate(layout.Length, VirtqueueLayout.Alignment);
        var queue = new Virtqueue(transport, index, rings, layout, hasEventIndex);
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
    public bool TryAdd(ReadOnlySpan<VirtqueueSegment> segments, out int head)
    {
        if (segments.Length == 0 || segments.Length > FreeDescriptors)
        {
            ArgumentOutOfRangeException.ThrowIfZero(segments.Length, nameof(segments));
            head = NoDescriptor;
            return false;
        }

        var writable = 0;
        var descriptor = _firstFree;
        head = descriptor;
        for (var position = 0; position < segments.Length; position++)
        {
            ref readonly var segment = ref segments[position];
            RequireInside(in segment, writable > 0);
            var isLast = position == segments.Length - 1;
            writable += segment.IsDeviceWritable ? segment.Length : 0;
            var next = _next[descriptor];
            var at = _layout.DescriptorOffset + (descriptor * VirtqueueLayout.DescriptorSize);
            _rings.StoreAddress(at, segment.Block, segment.Offset);
            _rings.WriteUInt32(at + 8, (uint)segment.Length);
            _rings.WriteUInt16(at + 12, (ushort)((segment.IsDeviceWritable ? DescriptorWrite : 0) | (isLast ? 0 : DescriptorNext)));
            _rings.WriteUInt16(at + 14, (ushort)(isLast ? 0 : next));
            if (isLast)
            {
                _firstFree = next;
            }

            descriptor = next;
        }

        // Nothing above changed the queue's own state but the list head at the very end, so an exception leaves it whole.
        FreeDescriptors -= segments.Length;
        BuffersInFlight++;
        _chainLength[head] = segments.Length;
        _writableLength[head] = writable;
        _rings.WriteUInt16(_layout.AvailableEntryOffset(_available), (ushort)head);
        _available++;
        return true;
    }

    /// <summary>Shows the device the buffers added since the last call, and notifies it if it asked for that.</summary>
    public void Publish()
    {
        var old = _published;
        if (_available == old)
        {
            return;
        }

        _rings.WriteUInt16Release(_layout.AvailableIndexOffset, _available);
        _published = _available;
        Fence.Full();
        if (WantsNotification(old))
        {
            Notifications++;
            _transport.Notify(Index);
        }
    }

    /// <summary>Whether the device is done with a buffer that was not taken back. A look and no more: <see cref="TryTakeUsed"/> judges.</summary>
    public bool HasUsed => _rings.ReadUInt16Acquire(_layout.UsedIndexOffset) != _used;

    /// <summary>Takes back one buffer that the device is done with. False if there is none at the moment.</summary>
    /// <exception cref="DeviceViolationException">The device broke the rules; the queue must not be used any further.</exception>
    public bool TryTakeUsed(out UsedBuffer buffer)
    {
        var pending = (ushort)(_rings.ReadUInt16Acquire(_layout.UsedIndexOffset) - _used);
        if (pending == 0)
        {
            buffer = default;
            return false;
        }

        // Compared with what the device has been shown; what was added and not published cannot have been used.
        var shown = BuffersInFlight - (ushort)(_available - _published);
        if (pending > shown)
        {
            throw new DeviceViolationException($"Queue {Index}: the used index is {pending} ahead with {shown} buffers in flight.");
        }

        var at = _layout.UsedEntryOffset(_used);
        var identifier = _rings.ReadUInt32(at);
        var length = _rings.ReadUInt32(at + 4);
        if (identifier >= (uint)Size || _chainLength[identifier] == 0)
        {
            throw new DeviceViolationException($"Queue {Index}: buffer {identifier} came back but is not in flight.");
        }

        var head = (int)identifier;
        if (length > (uint)_writableLength[head])
        {
            if (_writableLength[head] != 0)
            {
                throw new DeviceViolationException($"Queue {Index}: {length} bytes written to a buffer of {_writableLength[head]}.");
            }

            OverstatedLengths++;
            length = 0;
        }

        Release(head);
        _used++;
        buffer = new UsedBuffer(head, (int)length);
        return true;
    }

    /// <summary>Tells the device not to interrupt for this queue. A hint: an interrupt may still come.</summary>
    public void DisableInterrupts()
    {
        if (_hasEventIndex)
        {
            // As far away as an index can be. Renewed by the next call, long before the device gets there.
            _rings.WriteUInt16(_layout.UsedEventOffset, (ushort)(_used - 1));
            return;
        }

        _rings.WriteUInt16(_layout.AvailableFlagsOffset, NoInterrupt);
    }

    /// <summary>
    /// Asks for an interrupt once <paramref name="after"/> + 1 more buffers were used (exactly with event index, else at the next
    /// one), then looks once more. True: there was nothing to take at that moment, and the interrupt will come. False: so
    /// many buffers were used already that it may not; go on taking.
    /// </summary>
    public bool TryEnableInterrupts(int after = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)after, (uint)Size);
        if (_hasEventIndex)
        {
            _rings.WriteUInt16(_layout.UsedEventOffset, (ushort)(_used + after));
        }
        else
        {
            _rings.WriteUInt16(_layout.AvailableFlagsOffset, 0);
            after = 0;
        }

        Fence.Full();
        return (ushort)(_rings.ReadUInt16Acquire(_layout.UsedIndexOffset) - _used) <= after;
    }

    /// <summary>Gives the ring memory back. Only after the device was reset.</summary>
    public void Dispose() => _rings.Dispose();

    /// <summary>Whether the device wants to hear of the indices from <paramref name="old"/> on up to the published one.</summary>
    private bool WantsNotification(ushort old)
    {
        if (!_hasEventIndex)
        {
            return (_rings.ReadUInt16Acquire(_layout.UsedFlagsOffset) & NoNotify) == 0;
        }

        // The event index lies in [old, published), all in 16 bits.
        var wanted = _rings.ReadUInt16Acquire(_layout.AvailableEventOffset);
        return (ushort)(_published - wanted - 1) < (ushort)(_published - old);
    }

    private void Release(int head)
    {
        var count = _chainLength[head];
        var last = head;
        for (var position = 1; position < count; position++)
        {
            last = _next[last];
        }

        _next[last] = _firstFree;
        _firstFree = head;
        _chainLength[head] = 0;
        FreeDescriptors += count;
        BuffersInFlight--;
    }

    private static void RequireInside(in VirtqueueSegment segment, bool afterWritable)
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
