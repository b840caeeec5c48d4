// VIRTIO 1.2, section 2.7: split virtqueues; 2.7.7 and 2.7.10: notification suppression.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>The driver's side of a split virtqueue.</summary>
/// <remarks>
/// <para>
/// <b>Trust:</b> of what the device can write, only the used ring and the event index are read: a used index that
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
/// <para>All indices run freely in 16 bits and wrap at 65,536; differences are taken in 16 bits.</para>
/// </remarks>
internal sealed class SplitVirtqueue : Virtqueue
{
    private const ushort NoInterrupt = 1;
    private const ushort NoNotify = 1;
    private const int NoDescriptor = -1;

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

    public SplitVirtqueue(IVirtioTransport transport, int index, DmaBlock rings, VirtqueueLayout layout, bool hasEventIndex)
        : base(transport, index, rings, layout)
    {
        _rings = rings;
        _layout = layout;
        _hasEventIndex = hasEventIndex;
        _next = new int[layout.Size];
        _chainLength = new int[layout.Size];
        _writableLength = new int[layout.Size];
        for (var descriptor = 0; descriptor < layout.Size; descriptor++)
        {
            _next[descriptor] = descriptor + 1 < layout.Size ? descriptor + 1 : NoDescriptor;
        }
    }

    public override bool TryAdd(ReadOnlySpan<VirtqueueSegment> segments, out int head)
    {
        if (!HasRoom(segments.Length))
        {
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

    public override void Publish()
    {
        var old = _published;
        if (_available == old)
        {
            return;
        }

        _rings.WriteUInt16Release(_layout.AvailableIndexOffset, _available);
        _published = _available;
        _rings.FullFence();
        if (WantsNotification(old))
        {
            Notify();
        }
    }

    public override bool HasUsed => _rings.ReadUInt16Acquire(_layout.UsedIndexOffset) != _used;

    public override bool TryTakeUsed(out UsedBuffer buffer)
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
            throw NotInFlight(identifier);
        }

        var head = (int)identifier;
        if (length > (uint)_writableLength[head])
        {
            length = Overstated(length, _writableLength[head]);
        }

        Release(head);
        _used++;
        buffer = new UsedBuffer(head, (int)length);
        return true;
    }

    public override void DisableInterrupts()
    {
        if (_hasEventIndex)
        {
            // As far away as an index can be. Renewed by the next call, long before the device gets there.
            _rings.WriteUInt16(_layout.UsedEventOffset, (ushort)(_used - 1));
            return;
        }

        _rings.WriteUInt16(_layout.AvailableFlagsOffset, NoInterrupt);
    }

    public override bool TryEnableInterrupts(int after = 0)
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

        _rings.FullFence();
        return (ushort)(_rings.ReadUInt16Acquire(_layout.UsedIndexOffset) - _used) <= after;
    }

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
}
