// VIRTIO 1.2, section 5.1: network device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// A virtio network device and all that outlives one incarnation of its driver: the frame pools, the attached client, the
/// counters, and which frames the device holds. Its methods run in the turns of one actor, <see cref="VirtioNetDriver"/>.
/// </summary>
public sealed partial class VirtioNetDevice
{
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;

    /// <summary>struct virtio_net_hdr with num_buffers, which is always there since version 1 (section 5.1.6).</summary>
    internal const int DeviceHeaderLength = 12;

    private const int EthernetHeaderLength = VirtioNetConfiguration.EthernetHeaderLength;

    private readonly IVirtioTransport _transport;
    private readonly DmaArena _arena;
    private readonly VirtioNetOptions _options;
    private readonly VirtioNetConfiguration _configuration;
    private readonly DmaBlock _receiveMemory;
    private readonly DmaBlock _transmitMemory;
    private readonly FramePool _receiveFrames;
    private readonly FramePool _transmitFrames;
    private readonly FrameBatchPool _batches;
    private readonly FrameQueue _waiting;
    private readonly VirtioNetCounters _counters = new();
    private FrameRing? _receive;
    private FrameRing? _transmit;
    private NetworkDeviceInformation? _information;
    private ulong _features;
    private bool _wasStarted;

    /// <summary>Takes the device behind <paramref name="transport"/>; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    public VirtioNetDevice(IVirtioTransport transport, DmaArena arena, VirtioNetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        _transport = transport;
        _arena = arena;
        _options = options ?? new VirtioNetOptions();
        _configuration = new VirtioNetConfiguration(
            transport, _options.FrameSize - FramePoolOptions.DefaultHeadroom - VirtioNetConfiguration.LongestEthernetHeader);
        (_receiveMemory, _receiveFrames) = CreatePool(_options.ReceiveFrameCount);
        (_transmitMemory, _transmitFrames) = CreatePool(_options.TransmitFrameCount);
        _batches = FrameBatchPool.Create(_options.BatchCount);
        _waiting = new FrameQueue(_options.TransmitQueueLength);
    }

    /// <summary>Where the device is.</summary>
    public string Name => _transport.Name;

    /// <summary>Whether the device is up and its rings are in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Whether the link was up when last looked at.</summary>
    public bool IsLinkUp { get; private set; }

    /// <summary>The pool that received frames come from.</summary>
    public FramePool ReceiveFrames => _receiveFrames;

    /// <summary>The pool that clients rent from.</summary>
    public FramePool TransmitFrames => _transmitFrames;

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches => _batches;

    /// <summary>Whether so few receive buffers are with the device that frames given back later must be looked for, by a timer.</summary>
    internal bool IsStarved => IsRunning && _receive!.Queue.BuffersInFlight < MinimumReceiveBuffers;

    internal long Progress => _counters.ReceivedFrames + _counters.TransmittedFrames;

    private int MinimumReceiveBuffers => Math.Max(1, _receive!.Queue.Size / 8);

    private int MaximumFrameLength => _information!.MaximumTransmissionUnit + VirtioNetConfiguration.LongestEthernetHeader;

    /// <summary>
    /// Resets the device whatever state it is in, takes back every frame it held, and brings it up; <paramref name="onInterrupt"/>
    /// is called for each interrupt from then on. Tells the client.
    /// </summary>
    public void Start(Action onInterrupt)
    {
        Stop();
        _counters.Resets += _wasStarted ? 1 : 0;
        _wasStarted = true;
        _features = VirtioHandshake.Negotiate(_transport, _configuration.ChooseFeatures);
        _transport.ConnectInterrupts(onInterrupt);
        var hasEventIndex = (_features & VirtioFeatures.EventIndex) != 0;
        _receive = new FrameRing(Virtqueue.Create(_transport, ReceiveQueue, _options.RingSizeLimit, _arena, hasEventIndex));
        _transmit = new FrameRing(Virtqueue.Create(_transport, TransmitQueue, _options.RingSizeLimit, _arena, hasEventIndex));
        _transmit.Queue.DisableInterrupts();
        _information = ReadInformation();
        IsLinkUp = _configuration.ReadLinkStatus(_features);
        Refill();
        VirtioHandshake.Finish(_transport);
        IsRunning = true;
        // A notification before DRIVER_OK would be wrong (section 3.1.1), so the buffers are shown after it.
        // The first used buffer interrupts: fresh rings are zero, which asks for exactly that.
        _receive.Queue.Publish();
        TellStatus(NetworkDeviceEvent.Started(_information, IsLinkUp));
        PumpTransmit();
    }

    /// <summary>Resets the device and takes back the frames it held. What waited to be sent is lost and counted. Tells the client.</summary>
    public void Stop()
    {
        var wasRunning = IsRunning;
        IsRunning = false;
        // Until the reset is seen complete the device may still write; then, and not before, memory and frames are taken back.
        RetireRing(_receive);
        RetireRing(_transmit);
        VirtioHandshake.Reset(_transport, _arena);
        _transport.DisconnectInterrupts();
        _receive?.Abandon();
        _counters.TransmitLostInReset += _transmit?.Abandon() ?? 0;
        _receive = null;
        _transmit = null;
        while (_waiting.TryPeek(out var frame))
        {
            _waiting.Remove();
            frame.Dispose();
            _counters.TransmitLostInReset++;
        }

        if (wasRunning)
        {
            TellStatus(NetworkDeviceEvent.Stopped());
        }
    }

    internal void CountViolation() => _counters.DeviceViolations++;

    internal NetworkDeviceStatistics ReadStatistics() =>
        _counters.Snapshot((_receive?.Queue.Notifications ?? 0) + (_transmit?.Queue.Notifications ?? 0));

    /// <summary>
    /// Deals with an interrupt: lowers the line first, then lets it fire again; the rings are looked at afterwards, by
    /// <see cref="Service"/>, so that nothing that happens in between is missed. False: the device asks for a reset.
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

        var isLinkUp = _configuration.ReadLinkStatus(_features);
        if (isLinkUp != IsLinkUp)
        {
            IsLinkUp = isLinkUp;
            // A client that has not been told of the start is told that, with the link's new state.
            TellStatus(IsStatusUntold ? NetworkDeviceEvent.Started(_information!, isLinkUp) : NetworkDeviceEvent.LinkChanged(isLinkUp));
        }

        return true;
    }

    /// <summary>
    /// Hands on up to a turn's budget of received frames, refills the ring, and takes back sent frames. True: more is waiting and no interrupt will tell of it.
    /// </summary>
    internal bool Service()
    {
        if (!IsRunning)
        {
            return false;
        }

        var queue = _receive!.Queue;
        queue.DisableInterrupts();
        var budget = _options.ReceiveBudget;
        while (true)
        {
            budget -= Receive(budget);
            Refill();
            queue.Publish();
            if (budget <= 0)
            {
                break;
            }

            if (queue.TryEnableInterrupts())
            {
                break;
            }

            queue.DisableInterrupts();
        }

        PumpTransmit();
        return budget <= 0;
    }

    /// <summary>Sends every frame of the batch, or drops and counts it, and disposes the batch.</summary>
    internal void Transmit(FrameBatch batch)
    {
        try
        {
            while (batch.TryTake(out var frame))
            {
                Enqueue(frame);
            }
        }
        finally
        {
            batch.Dispose();
        }

        PumpTransmit();
    }

    /// <summary>Tells the client the whole state if it missed news, and gives the device receive buffers if there are frames again. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            TellStatus(IsRunning ? NetworkDeviceEvent.Started(_information!, IsLinkUp) : NetworkDeviceEvent.Stopped());
        }

        if (IsRunning)
        {
            Refill();
            _receive!.Queue.Publish();
        }
    }

    private NetworkDeviceInformation ReadInformation() => new()
    {
        Name = Name,
        HardwareAddress = _configuration.ReadHardwareAddress(_features)
            ?? _options.HardwareAddress ?? HardwareAddresses.LocallyAdministered(Name),
        MaximumTransmissionUnit = _configuration.ReadMaximumTransmissionUnit(_features),
        TransmitFrames = _transmitFrames,
        Batches = _batches,
    };

    private int Receive(int budget)
    {
        var taken = 0;
        FrameBatch batch = default;
        try
        {
            while (taken < budget && _receive!.TryTake(out var frame, out var written))
            {
                taken++;
                // The buffer was posted with its header in front and all of its room; what the device wrote is what counts.
                if (written < DeviceHeaderLength + EthernetHeaderLength)
                {
                    _counters.ReceiveDroppedMalformed++;
                    Repost(frame);
                    continue;
                }

                if (_client is null)
                {
                    _counters.ReceiveDroppedNoClient++;
                    Repost(frame);
                    continue;
                }

                if (_receive.Queue.BuffersInFlight < MinimumReceiveBuffers && !TryReplace())
                {
                    // Rather lose this frame than the ability to receive any.
                    _counters.ReceiveDroppedNoFrame++;
                    Repost(frame);
                    continue;
                }

                if (batch.IsNone && !_batches.TryRent(out batch))
                {
                    _counters.ReceiveDroppedNoBatch++;
                    Repost(frame);
                    continue;
                }

                frame.SetLength(written);
                frame.TrimStart(DeviceHeaderLength);
                if (!batch.TryAdd(frame))
                {
                    _counters.ReceiveDroppedNoBatch++;
                    Repost(frame);
                    continue;
                }

                if (batch.IsFull)
                {
                    Deliver(batch);
                    batch = default;
                }
            }

            if (!batch.IsNone)
            {
                Deliver(batch);
                batch = default;
            }
        }
        finally
        {
            // After a violation in the middle: what came before it may be lies as well.
            batch.Dispose();
        }

        return taken;
    }

    private void Refill()
    {
        while (_receive!.Queue.FreeDescriptors > 0)
        {
            if (!TryReplace())
            {
                _counters.ReceiveStarved++;
                return;
            }
        }
    }

    private bool TryReplace()
    {
        if (!_receiveFrames.TryRent(out var frame))
        {
            return false;
        }

        Repost(frame);
        return true;
    }

    /// <summary>Posts a frame as a receive buffer; there is a descriptor, because the caller just took one back or looked.</summary>
    private void Repost(FrameBuffer frame)
    {
        frame.Reset();
        frame.Prepend(DeviceHeaderLength);
        frame.SetLength(frame.Length + frame.Tailroom);
        if (!_receive!.TryAdd(frame, _receiveMemory, isDeviceWritable: true))
        {
            frame.Dispose();
        }
    }

    private void Enqueue(FrameBuffer frame)
    {
        if (!IsRunning || frame.Length < EthernetHeaderLength || frame.Length > MaximumFrameLength || (frame.Offload.Flags & FrameOffloadFlags.NeedsChecksum) != 0)
        {
            _counters.TransmitDroppedInvalid++;
            frame.Dispose();
            return;
        }

        if ((!ReferenceEquals(frame.Pool, _transmitFrames) && !ReferenceEquals(frame.Pool, _receiveFrames)) || frame.Headroom < DeviceHeaderLength)
        {
            if (!_transmitFrames.TryRent(out var copy))
            {
                _counters.TransmitDroppedNoFrame++;
                frame.Dispose();
                return;
            }

            copy.Append(frame.Data);
            frame.Dispose();
            frame = copy;
            _counters.TransmitCopied++;
        }

        // All zero: nothing to be done by the device (section 5.1.6.2).
        frame.Prepend(DeviceHeaderLength).Clear();
        if (!_waiting.TryEnqueue(frame))
        {
            _counters.TransmitDroppedQueueFull++;
            frame.Dispose();
        }
    }

    /// <summary>Takes back what was sent, fills the ring with what waits, notifies, and asks for an interrupt if one is needed.</summary>
    private void PumpTransmit()
    {
        if (!IsRunning)
        {
            return;
        }

        var queue = _transmit!.Queue;
        while (true)
        {
            Reclaim();
            while (_waiting.TryPeek(out var frame)
                && _transmit.TryAdd(frame, ReferenceEquals(frame.Pool, _receiveFrames) ? _receiveMemory : _transmitMemory, isDeviceWritable: false))
            {
                _waiting.Remove();
            }

            queue.Publish();
            var inFlight = queue.BuffersInFlight;
            if (_waiting.Count == 0 && inFlight <= LargestLeftover)
            {
                // So few that they can stay until the driver is next awake. The pool holds enough others, and nobody waits.
                queue.DisableInterrupts();
                return;
            }

            if (queue.TryEnableInterrupts(inFlight / 2))
            {
                return;
            }
        }
    }

    /// <summary>Sent frames that may stay with the ring while nobody looks: a quarter of what there is, so that clients find frames to rent.</summary>
    private int LargestLeftover => Math.Min(_transmit!.Queue.Size, Math.Min(_options.TransmitFrameCount, _options.ReceiveFrameCount)) / 4;

    private void Reclaim()
    {
        while (_transmit!.TryTake(out var frame, out _))
        {
            _counters.TransmittedFrames++;
            _counters.TransmittedBytes += frame.Length - DeviceHeaderLength;
            frame.Dispose();
        }
    }

    private void RetireRing(FrameRing? ring)
    {
        if (ring is not null)
        {
            _counters.EarlierNotifications += ring.Queue.Notifications;
            ring.Queue.Dispose();
        }
    }

    private (DmaBlock Memory, FramePool Pool) CreatePool(int frameCount)
    {
        var cut = new FramePoolOptions { FrameCount = frameCount, FrameSize = _options.FrameSize };
        var memory = _arena.Allocate(cut.RequiredMemory, FrameAlignment);
        return (memory, FramePool.Create(cut, memory.Memory));
    }

    /// <summary>A page, so that no frame of half a page crosses one.</summary>
    private const int FrameAlignment = 4096;
}
