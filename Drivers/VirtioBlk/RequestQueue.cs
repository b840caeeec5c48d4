// VIRTIO 1.2, section 5.2.2: requestq N of a block device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>One queue of a block device: its ring and the memory of its requests. The parts: .Requests.</summary>
internal sealed partial class RequestQueue : BlockQueue
{
    private readonly string _name;
    private readonly DmaBlock _bufferMemory;
    private readonly RequestMemory _requests;
    private Virtqueue? _ring;

    public RequestQueue(int index, string name, DmaArena arena, DmaBlock bufferMemory, VirtioBlkOptions options)
        : base(index, options.MaximumInFlight, options.MaximumBatches)
    {
        _name = name;
        _bufferMemory = bufferMemory;
        _requests = new RequestMemory(arena.Allocate(options.MaximumInFlight * RequestMemory.Stride, RequestMemory.Stride));
        _transfers = new Transfer[options.MaximumInFlight];
        _placeOfHead = new int[options.RingSizeLimit];
        _segments = new VirtqueueSegment[options.RingSizeLimit];
    }

    /// <summary>Notifications since the last start.</summary>
    public override long UncountedNotifications => _ring?.Notifications ?? 0;

    /// <summary>Descriptors of its ring.</summary>
    public int Size => _ring!.Size;

    /// <summary>Takes its ring, which the device was just told of.</summary>
    public void Start(Virtqueue ring) => _ring = ring;

    /// <summary>What operations are checked against from now on, the most bytes of a segment, and the most segments of a request.</summary>
    public void Describe(BlockDeviceInformation information, int segmentSize, int maximumSegments)
    {
        (_segmentSize, MaximumSegments) = (segmentSize, maximumSegments);
        Information = information;
    }

    /// <summary>
    /// The device is about to be reset, and its actor has ended: answers what the device knows nothing of. Until the reset is seen complete the buffers of the others stay where they are, and memory
    /// in quarantine.
    /// </summary>
    public void Retire()
    {
        LoseActor();
        Counters.Notifications += UncountedNotifications;
        _ring?.Dispose();
        _ring = null;
        AbandonUngiven();
    }

    /// <inheritdoc/>
    public override void Service()
    {
        do
        {
            _ring!.DisableInterrupts();
            while (_ring.TryTakeUsed(out var used))
            {
                End(in used);
            }

            Pump();
        }
        while (!_ring.TryEnableInterrupts());
    }

    /// <inheritdoc/>
    public override void Publish() => _ring?.Publish();

    /// <inheritdoc/>
    public override bool IsViolation(Exception exception) => exception is DeviceViolationException;
}
