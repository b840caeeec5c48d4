// VIRTIO 1.2, section 5.2: block device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>
/// A virtio block device and all that outlives one incarnation of its driver: the buffers, the counters, and the batches that clients wait for.
/// Its methods run in the turns of one actor, <see cref="VirtioBlkDriver"/>. The parts: .Requests.
/// </summary>
public sealed partial class VirtioBlkDevice
{
    private const int RequestQueue = 0;

    private readonly IVirtioTransport _transport;
    private readonly DmaArena _arena;
    private readonly VirtioBlkOptions _options;
    private readonly DmaBlock _bufferMemory;
    private readonly BlockBufferPool _buffers;
    private readonly RequestMemory _requests;
    private readonly BlockDeviceCounters _counters = new();
    private Virtqueue? _queue;
    private BlockDeviceInformation? _information;
    private ulong _features;
    private int _incarnation;

    /// <summary>Takes the device behind <paramref name="transport"/>; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    public VirtioBlkDevice(IVirtioTransport transport, DmaArena arena, VirtioBlkOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        _transport = transport;
        _arena = arena;
        _options = options ?? new VirtioBlkOptions();
        _bufferMemory = arena.Allocate(_options.BufferCount * _options.BufferSize, BufferAlignment);
        _buffers = BlockBufferPool.Create(_options.BufferCount, _options.BufferSize, _bufferMemory.Memory);
        _requests = new RequestMemory(arena.Allocate(_options.MaximumInFlight * RequestMemory.Stride, RequestMemory.Stride));
        _places = new Place[_options.MaximumInFlight];
        _freePlaces = new Stack<int>(Enumerable.Range(0, _options.MaximumInFlight).Reverse());
        _placeOfHead = new int[_options.RingSizeLimit];
        _segments = new VirtqueueSegment[_options.RingSizeLimit];
    }

    /// <summary>Where the device is.</summary>
    public string Name => _transport.Name;

    /// <summary>Whether the device is up and its ring is in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>What clients are told; null before the first start.</summary>
    public BlockDeviceInformation? Information => _information;

    /// <summary>The buffers that clients rent.</summary>
    public BlockBufferPool Buffers => _buffers;

    /// <summary>Whether it was started before, by this incarnation of the driver or an earlier one.</summary>
    internal bool WasStarted => _incarnation > 0;

    /// <summary>Requests at the device.</summary>
    internal int InFlight => _options.MaximumInFlight - _freePlaces.Count;

    /// <summary>A number that moves on whenever a request is over.</summary>
    internal long Completed { get; private set; }

    /// <summary>
    /// Resets the device whatever state it is in, ends everything that waited or was in flight with <see cref="BlockStatus.DeviceReset"/>, and brings the device up;
    /// <paramref name="onInterrupt"/> is called for each interrupt from then on.
    /// </summary>
    /// <exception cref="VirtioException">It cannot be driven.</exception>
    public void Start(Action onInterrupt)
    {
        Stop();
        _counters.Resets += WasStarted ? 1 : 0;
        _features = VirtioHandshake.Negotiate(_transport, static _ => VirtioFeatures.EventIndex | VirtioBlkFeatures.Wanted);
        _transport.ConnectInterrupts(onInterrupt);
        _queue = Virtqueue.Create(_transport, RequestQueue, _options.RingSizeLimit, _arena, _features);
        _incarnation++;
        _information = ReadInformation(_queue.Size);
        VirtioHandshake.Finish(_transport);
        IsRunning = true;
    }

    /// <summary>Resets the device and answers everything that waited or was in flight with <see cref="BlockStatus.DeviceReset"/>.</summary>
    public void Stop()
    {
        IsRunning = false;
        if (_queue is not null)
        {
            _counters.Notifications += _queue.Notifications;
            _queue.Dispose();
            _queue = null;
        }

        // Before the reset, which may not come to an end: a line that the device keeps up would fire for ever.
        _transport.DisconnectInterrupts();
        // Until the reset is seen complete the device may still write into the clients' buffers; then, and not before, they are given back.
        VirtioHandshake.Reset(_transport, _arena);
        Abandon();
    }

    internal void CountViolation() => _counters.DeviceViolations++;

    internal BlockDeviceStatistics ReadStatistics() => _counters.Read() with { Notifications = _counters.Notifications + (_queue?.Notifications ?? 0) };

    /// <summary>
    /// Deals with an interrupt: lowers the line first, then lets it fire again; the ring is looked at afterwards, by <see cref="Service"/>. False: the device asks for a reset.
    /// </summary>
    internal bool TakeInterrupt()
    {
        if (!IsRunning)
        {
            // Interrupts of the time before a reset still arrive; the line must not stay masked for the next start.
            _transport.AcknowledgeInterrupt();
            return true;
        }

        _counters.Interrupts++;
        var causes = _transport.TakeInterruptCauses();
        _transport.AcknowledgeInterrupt();
        if ((causes & VirtioInterruptCauses.Configuration) == 0)
        {
            return true;
        }

        if ((_transport.ReadStatus() & VirtioStatus.NeedsReset) != 0)
        {
            return false;
        }

        // Nothing but the capacity changes while the device runs (section 5.2.4).
        _information = _information! with { SectorCount = new VirtioBlkConfiguration(_transport, _features).ReadSectorCount() };
        return true;
    }

    private BlockDeviceInformation ReadInformation(int ringSize)
    {
        var configuration = new VirtioBlkConfiguration(_transport, _features);
        var blockSize = configuration.ReadBlockSize();
        _segmentSize = configuration.ReadSegmentSize();
        // Header and status take a descriptor each.
        var segments = Math.Min(configuration.ReadSegmentCount(), ringSize - 2);
        var transfer = (int)Math.Min((long)Math.Max(segments, 0) * _segmentSize, _options.BufferSize);
        transfer -= transfer % blockSize;
        if (transfer == 0)
        {
            throw new VirtioException(
                $"{_transport.Name} cannot transfer a block of {blockSize} bytes in {segments} segments of {_segmentSize} bytes and buffers of {_options.BufferSize}.");
        }

        return new BlockDeviceInformation
        {
            Name = Name,
            SectorCount = configuration.ReadSectorCount(),
            BlockSize = blockSize,
            PhysicalBlockSize = configuration.ReadPhysicalBlockSize(blockSize),
            MaximumTransfer = transfer,
            MaximumDiscardSectors = configuration.ReadDiscardSectors(),
            IsReadOnly = (_features & VirtioBlkFeatures.ReadOnly) != 0,
            HasVolatileCache = (_features & VirtioBlkFeatures.Flush) != 0,
            Incarnation = _incarnation,
            Buffers = _buffers,
        };
    }

    /// <summary>A page, so that no buffer crosses one more than it must.</summary>
    private const int BufferAlignment = 4096;
}
