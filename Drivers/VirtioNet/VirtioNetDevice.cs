// VIRTIO 1.2, section 5.1: network device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// A virtio network device and all that outlives one incarnation of its driver: the frame pools, the attached client, the
/// counters, and which frames the device holds. Its methods run in the turns of one actor, <see cref="VirtioNetDriver"/>. The parts: .Receive, .Transmit, .Client.
/// </summary>
public sealed partial class VirtioNetDevice
{
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;

    /// <summary>The largest packet of IP, behind its Ethernet header.</summary>
    private const int LargestPacket = ushort.MaxValue;

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
            transport, _options.FrameSize - FramePoolOptions.DefaultHeadroom - VirtioNetConfiguration.LongestEthernetHeader, _options.Offloads);
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

    /// <summary>Whether packets were left in the ring because there was no room for them; no interrupt tells when there is, so <see cref="Service"/> has to look again.</summary>
    internal bool IsHeldBack { get; private set; }

    /// <summary>Whether it was started before, by this incarnation of the driver or an earlier one.</summary>
    internal bool WasStarted => _wasStarted;

    internal long Progress => _counters.ReceivedFrames + _counters.TransmittedFrames;

    /// <summary>
    /// Buffers that stay with the device whatever the client holds: enough for a packet of the largest kind, or the device would wait for more, and with it every
    /// packet behind, such as the one for which the client holds all others.
    /// </summary>
    private int MinimumReceiveBuffers => Math.Min(_receive!.Queue.Size, Math.Max(1, _receive.Queue.Size / 8) + LargestPieceCount);

    private int LargestPieceCount => MergesBuffers ? (LargestPacket / (_options.FrameSize - FramePoolOptions.DefaultHeadroom)) + 2 : 0;

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
        _pieces ??= new FrameBuffer[_options.RingSizeLimit];
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
        IsHeldBack = false;
        // Until the reset is seen complete the device may still write; then, and not before, memory and frames are taken back.
        RetireRing(_receive);
        RetireRing(_transmit);
        // Before the reset, which may not come to an end: a line that the device keeps up would fire for ever.
        _transport.DisconnectInterrupts();
        VirtioHandshake.Reset(_transport, _arena);
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
        _counters.Snapshot((_receive?.Queue.Notifications ?? 0) + (_transmit?.Queue.Notifications ?? 0)) with
        {
            ReceivedFramesHeld = _receiveFrames.RentedCount - (_receive?.Queue.BuffersInFlight ?? 0),
        };

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
            if (budget <= 0 || IsHeldBack)
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
        TransmitOffload = VirtioNetConfiguration.TransmitOffload(_features),
    };

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
