// VIRTIO 1.2, section 5.2: block device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>
/// A virtio block device and all that outlives one incarnation of its driver: the buffers, the counters, and the batches that clients wait for.
/// Its methods run in the turns of one actor, <see cref="VirtioBlkDriver"/>; those of its queues beside the first in actors of their own. The parts: .Queues.
/// </summary>
public sealed partial class VirtioBlkDevice
{
    private readonly IVirtioTransport _transport;
    private readonly DmaArena _arena;
    private readonly VirtioBlkOptions _options;
    private readonly DmaBlock _bufferMemory;
    private readonly BlockBufferPool _buffers;
    private readonly BlockDeviceCounters _counters;
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
        _queues = new BlockQueues<RequestQueue>(CreateQueue, _options.MaximumBatches);
        _counters = First.Counters;
    }

    /// <summary>Where the device is.</summary>
    public string Name => _transport.Name;

    /// <summary>Whether the device is up and its rings are in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>What clients are told; null before the first start.</summary>
    public BlockDeviceInformation? Information => _information;

    /// <summary>The buffers that clients rent.</summary>
    public BlockBufferPool Buffers => _buffers;

    /// <summary>What its memory comes from.</summary>
    internal DmaArena Arena => _arena;

    /// <summary>Whether it was started before, by this incarnation of the driver or an earlier one.</summary>
    internal bool WasStarted => _incarnation > 0;

    /// <summary>
    /// Resets the device whatever state it is in, ends everything that waited or was in flight with <see cref="BlockStatus.DeviceReset"/>, and brings the device up;
    /// <paramref name="onInterrupt"/> is called for each interrupt from then on that is not of another queue than the first.
    /// </summary>
    /// <exception cref="VirtioException">It cannot be driven.</exception>
    /// <exception cref="CapabilityException">Memory for its rings is refused, or its capability was revoked.</exception>
    public void Start(Action onInterrupt)
    {
        Stop();
        _counters.Resets += WasStarted ? 1 : 0;
        _features = VirtioHandshake.Negotiate(_transport, _ => VirtioFeatures.EventIndex | VirtioBlkFeatures.Wanted | (MostQueues > 1 ? VirtioBlkFeatures.Multiqueue : 0));
        _transport.ConnectInterrupts(onInterrupt);
        StartQueues();
        VirtioHandshake.Finish(_transport);
        IsRunning = true;
    }

    /// <summary>
    /// Answers everything that waited with <see cref="BlockStatus.DeviceReset"/>, resets the device, and answers so what was in flight: until the reset is seen complete the device may still
    /// write into clients' buffers. One that is never reset, because its capability was revoked, is given up: all is answered too, and <see cref="Buffers"/> lends nothing any more.
    /// </summary>
    /// <exception cref="VirtioException">The reset does not come to an end; what was in flight still is.</exception>
    /// <exception cref="CapabilityException">The capability was revoked; all was answered.</exception>
    public void Stop()
    {
        IsRunning = false;
        RetireQueues();
        VirtioHandshake.EndUse(_transport, _arena, takeBack: _queues.AbandonInFlight, giveUp: GiveUp);
    }

    internal void CountViolation() => _counters.DeviceViolations++;

    private void GiveUp()
    {
        _counters.RefusedResets++;
        // Before the answers: whoever has one finds the pool closed.
        _buffers.Close();
        _queues.AbandonInFlight();
    }

    /// <summary>
    /// Deals with an interrupt: lowers the line first, then lets it fire again; the rings are looked at afterwards, by <see cref="RequestQueue.Service"/>. False: the device asks for a reset.
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
        _queues.Describe(_information);
        return true;
    }

    private BlockDeviceInformation ReadInformation(VirtioBlkConfiguration configuration, int segments, int segmentSize)
    {
        var blockSize = configuration.ReadBlockSize();
        var transfer = (int)Math.Min((long)Math.Max(segments, 0) * segmentSize, _options.BufferSize);
        transfer -= transfer % blockSize;
        if (transfer == 0)
        {
            throw new VirtioException(
                $"{_transport.Name} cannot transfer a block of {blockSize} bytes in {segments} segments of {segmentSize} bytes and buffers of {_options.BufferSize}.");
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
