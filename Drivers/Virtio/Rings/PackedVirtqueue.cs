// VIRTIO 1.2, section 2.8: packed virtqueues; 2.8.10: driver and device event suppression.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// The driver's side of a packed virtqueue: one ring of descriptors, in which the driver makes buffers available and the device writes over them what it used.
/// </summary>
/// <remarks>
/// <para>
/// <b>Positions</b> of descriptors run freely in 16 bits; since the size is a power of two, the lower bits are the place in the ring and the bit above them is the inverse of the
/// wrap counter (2.8.1), which starts at 1.
/// </para>
/// <para>
/// <b>Trust:</b> what was made available is never read again, because the device may write over it. Of what it writes, a used descriptor's flags, identifier and length are read,
/// each once: an identifier that is not in flight, or was not yet published, and more bytes than the buffer holds throw <see cref="DeviceViolationException"/>.
/// The event suppression is a hint, as in a split ring.
/// </para>
/// <para>
/// <b>Ordering,</b> each with its reader's half:
/// (1) all of what is published, then the flags of its first descriptor with release: the device reads these first, and does not look behind a descriptor that is not available.
/// (2) those flags, <i>full fence</i>, then the device's event suppression: the device writes that and then reads the flags once more; one of the two sees the other's store.
/// (3) a descriptor's flags with acquire, then its identifier, length and the buffer: the device wrote them in the other order.
/// (4) the driver's event suppression, <i>full fence</i>, then the next descriptor's flags once more: as (2), with the roles changed.
/// </para>
/// </remarks>
internal sealed class PackedVirtqueue : Virtqueue
{
    // Section 2.8.1: both bits are the wrap counter in a used descriptor, and differ in an available one.
    private const ushort DescriptorAvailable = 1 << 7;
    private const ushort DescriptorUsed = 1 << 15;

    // Section 2.8.13: struct pvirtq_desc.
    private const int LengthOffset = 8;
    private const int IdentifierOffset = 12;
    private const int FlagsOffset = 14;

    // Section 2.8.14: struct pvirtq_event_suppress, the place and wrap counter before the flags.
    private const int EventFlagsOffset = 2;
    private const int EventFlagsShift = 16;
    private const ushort EventFlagsMask = 3;
    private const ushort EventWrapCounter = 1 << 15;

    // Section 2.8.10.
    private const ushort EventsEnabled = 0;
    private const ushort EventsDisabled = 1;
    private const ushort EventAtDescriptor = 2;

    private readonly DmaBlock _rings;
    private readonly VirtqueueLayout _layout;
    private readonly bool _hasEventIndex;
    private readonly Buffer[] _buffers;
    private readonly ushort[] _free;
    private int _freeCount;
    private ushort _available;
    private ushort _published;
    private ushort _used;
    private ushort _firstFlags;
    private long _publication;

    public PackedVirtqueue(IVirtioTransport transport, int index, DmaBlock rings, VirtqueueLayout layout, bool hasEventIndex)
        : base(transport, index, rings, layout)
    {
        _rings = rings;
        _layout = layout;
        _hasEventIndex = hasEventIndex;
        _buffers = new Buffer[layout.Size];
        _free = new ushort[layout.Size];
        _freeCount = layout.Size;
        for (var identifier = 0; identifier < layout.Size; identifier++)
        {
            _free[identifier] = (ushort)identifier;
        }
    }

    public override bool TryAdd(ReadOnlySpan<VirtqueueSegment> segments, out int head)
    {
        if (!HasRoom(segments.Length))
        {
            head = -1;
            return false;
        }

        // A buffer has a descriptor at least, so with a free one there is a free identifier.
        var identifier = _free[_freeCount - 1];
        var writable = 0;
        for (var index = 0; index < segments.Length; index++)
        {
            ref readonly var segment = ref segments[index];
            RequireInside(in segment, writable > 0);
            writable += segment.IsDeviceWritable ? segment.Length : 0;
            var at = DescriptorAt((ushort)(_available + index));
            _rings.StoreAddress(at, segment.Block, segment.Offset);
            _rings.WriteUInt32(at + LengthOffset, (uint)segment.Length);
            // Needed in the last one only; in the others nobody reads it (2.8.6).
            _rings.WriteUInt16(at + IdentifierOffset, identifier);
        }

        // Up to here nothing was made available and the queue's own state did not change, so an exception leaves it whole.
        for (var index = segments.Length - 1; index > 0; index--)
        {
            var position = (ushort)(_available + index);
            _rings.WriteUInt16(DescriptorAt(position) + FlagsOffset, FlagsOf(position, in segments[index], index == segments.Length - 1));
        }

        var flags = FlagsOf(_available, in segments[0], segments.Length == 1);
        if (_available == _published)
        {
            // Kept until Publish: it hides all that comes behind it.
            _firstFlags = flags;
        }
        else
        {
            _rings.WriteUInt16Release(DescriptorAt(_available) + FlagsOffset, flags);
        }

        _buffers[identifier] = new Buffer(segments.Length, writable, _publication);
        _freeCount--;
        _available += (ushort)segments.Length;
        FreeDescriptors -= segments.Length;
        BuffersInFlight++;
        head = identifier;
        return true;
    }

    public override void Publish()
    {
        var old = _published;
        if (_available == old)
        {
            return;
        }

        _rings.WriteUInt16Release(DescriptorAt(old) + FlagsOffset, _firstFlags);
        _published = _available;
        _publication++;
        _rings.FullFence();
        if (WantsNotification(old))
        {
            Notify();
        }
    }

    public override bool HasUsed =>
        (_rings.ReadUInt16Acquire(DescriptorAt(_used) + FlagsOffset) & (DescriptorAvailable | DescriptorUsed))
        == (WrapCounter(_used) ? DescriptorAvailable | DescriptorUsed : 0);

    public override bool TryTakeUsed(out UsedBuffer buffer)
    {
        if (!HasUsed)
        {
            buffer = default;
            return false;
        }

        var at = DescriptorAt(_used);
        var identifier = _rings.ReadUInt16(at + IdentifierOffset);
        // Whatever the descriptor's write flag says, which 2.8.3 has a device set where it wrote: QEMU never does.
        var length = _rings.ReadUInt32(at + LengthOffset);
        var used = identifier < Size ? _buffers[identifier] : default;
        // What was added and not published cannot have been used.
        if (used.Descriptors == 0 || used.Publication == _publication)
        {
            throw NotInFlight(identifier);
        }

        if (length > (uint)used.Writable)
        {
            length = Overstated(length, used.Writable);
        }

        buffer = new UsedBuffer(identifier, (int)length);
        _buffers[identifier] = default;
        _free[_freeCount++] = identifier;
        // The device, too, writes one descriptor for a buffer and goes on by as many as the buffer had (2.8.6).
        _used += (ushort)used.Descriptors;
        FreeDescriptors += used.Descriptors;
        BuffersInFlight--;
        return true;
    }

    public override void DisableInterrupts() => _rings.WriteUInt16(_layout.DriverOffset + EventFlagsOffset, EventsDisabled);

    public override bool TryEnableInterrupts(int after = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)after, (uint)Size);
        if (_hasEventIndex)
        {
            // A buffer has a descriptor at least: so many descriptors are reached by then.
            var wanted = (ushort)(_used + after);
            _rings.WriteUInt16(_layout.DriverOffset, (ushort)(Place(wanted) | (WrapCounter(wanted) ? EventWrapCounter : 0)));
            _rings.WriteUInt16Release(_layout.DriverOffset + EventFlagsOffset, EventAtDescriptor);
        }
        else
        {
            _rings.WriteUInt16(_layout.DriverOffset + EventFlagsOffset, EventsEnabled);
        }

        _rings.FullFence();
        return !HasUsed;
    }

    private int Place(ushort position) => position & (Size - 1);

    private bool WrapCounter(ushort position) => (position & Size) == 0;

    private int DescriptorAt(ushort position) => _layout.DescriptorOffset + (Place(position) * VirtqueueLayout.DescriptorSize);

    private ushort FlagsOf(ushort position, in VirtqueueSegment segment, bool isLast) => (ushort)(
        (WrapCounter(position) ? DescriptorAvailable : DescriptorUsed)
        | (segment.IsDeviceWritable ? DescriptorWrite : 0)
        | (isLast ? 0 : DescriptorNext));

    /// <summary>Whether the device wants to hear of the descriptors from <paramref name="old"/> on up to the published position.</summary>
    private bool WantsNotification(ushort old)
    {
        // Both halves in one access, so that they belong together.
        var suppression = _rings.ReadUInt32Acquire(_layout.DeviceOffset);
        var flags = (suppression >> EventFlagsShift) & EventFlagsMask;
        if (flags != EventAtDescriptor || !_hasEventIndex)
        {
            return flags != EventsDisabled;
        }

        // The place that is asked for lies in [old, published), all of it in places and wrap counters: modulo twice the size.
        var wanted = (int)(suppression & (uint)(Size - 1)) + ((suppression & EventWrapCounter) != 0 ? 0 : Size);
        var mask = (2 * Size) - 1;
        return ((_published - wanted - 1) & mask) < ((_published - old) & mask);
    }

    /// <summary>A buffer in flight, by its identifier; one without descriptors is free.</summary>
    /// <param name="Descriptors">How many it has.</param>
    /// <param name="Writable">How many bytes the device may write.</param>
    /// <param name="Publication">How many calls of <see cref="Publish"/> came before it was added.</param>
    private readonly record struct Buffer(int Descriptors, int Writable, long Publication);
}
