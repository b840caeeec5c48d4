// VIRTIO 1.2, section 5.1: network device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// A virtio network device and all that outlives one incarnation of its driver: the frame pools, the attached client, the counters, and which frames the device holds. Its methods
/// run in the turns of one actor, <see cref="VirtioNetDriver"/>; those of its queue pairs beside the first in actors of their own. The parts: .Pairs, .Client.
/// </summary>
public sealed partial class VirtioNetDevice
{
    private readonly IVirtioTransport _transport;
    private readonly DmaArena _arena;
    private readonly VirtioNetOptions _options;
    private readonly VirtioNetConfiguration _configuration;
    private readonly DeviceFrames _frames;
    private readonly NetworkDeviceCounters _counters;
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
            transport, _options.FrameSize - FramePoolOptions.DefaultHeadroom - VirtioNetConfiguration.LongestEthernetHeader, _options);
        _frames = new DeviceFrames(arena, _options);
        _first = CreatePair(0);
        _pairs = [_first];
        _client = new AttachedClient(_first.Reception);
        _counters = _first.Counters;
    }

    /// <summary>Where the device is.</summary>
    public string Name => _transport.Name;

    /// <summary>Whether the device is up and its rings are in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Whether the link was up when last looked at.</summary>
    public bool IsLinkUp { get; private set; }

    /// <summary>The pool that received frames come from.</summary>
    public FramePool ReceiveFrames => _frames.Receive;

    /// <summary>The pool that clients rent from.</summary>
    public FramePool TransmitFrames => _frames.Transmit;

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches => _frames.Batches;

    /// <inheritdoc cref="QueuePair.IsStarved"/>
    internal bool IsStarved => _first.IsStarved;

    /// <inheritdoc cref="QueuePair.IsHeldBack"/>
    internal bool IsHeldBack => _first.IsHeldBack;

    /// <summary>What its memory comes from.</summary>
    internal DmaArena Arena => _arena;

    /// <summary>Whether it was started before, by this incarnation of the driver or an earlier one.</summary>
    internal bool WasStarted => _wasStarted;

    internal long Progress
    {
        get
        {
            long progress = 0;
            foreach (var pair in _pairs)
            {
                progress += pair.Counters.ReceivedFrames + pair.Counters.TransmittedFrames;
            }

            return progress;
        }
    }

    /// <summary>
    /// Resets the device whatever state it is in, takes back every frame it held, and brings it up; <paramref name="onInterrupt"/>
    /// is called for each interrupt from then on that is not of another queue pair than the first. Tells the client.
    /// </summary>
    public void Start(Action onInterrupt)
    {
        Stop();
        _counters.Resets += _wasStarted ? 1 : 0;
        _wasStarted = true;
        _features = VirtioHandshake.Negotiate(_transport, _configuration.ChooseFeatures);
        _transport.ConnectInterrupts(onInterrupt);
        _information = ReadInformation();
        CreateQueues(onInterrupt);
        IsLinkUp = _configuration.ReadLinkStatus(_features);
        VirtioHandshake.Finish(_transport);
        IsRunning = true;
        OpenQueues();
        _client.Tell(State);
    }

    /// <summary>
    /// Tells the client, resets the device and takes back the frames it held. What waited to be sent is lost and counted. If the device is never reset, because its capability was revoked, the frames
    /// that it has stay rented for good.
    /// </summary>
    /// <exception cref="VirtioException">The reset does not come to an end; the device keeps its frames until one does.</exception>
    /// <exception cref="CapabilityException">The capability was revoked.</exception>
    public void Stop()
    {
        var wasRunning = IsRunning;
        IsRunning = false;
        // Until the reset is seen complete the device may still write; then, and not before, memory and frames are taken back.
        RetireQueues();
        if (wasRunning)
        {
            _client.Tell(NetworkDeviceEvent.Stopped());
        }

        VirtioHandshake.EndUse(_transport, _arena, TakeBack, GiveUp);
    }

    private void TakeBack()
    {
        foreach (var pair in _pairs)
        {
            pair.Abandon();
        }
    }

    private void GiveUp()
    {
        _counters.RefusedResets++;
        foreach (var pair in _pairs)
        {
            pair.GiveUp();
        }
    }

    internal void CountViolation() => _counters.DeviceViolations++;

    internal NetworkDeviceStatistics ReadStatistics()
    {
        NetworkDeviceCounters sum = new();
        long notifications = 0;
        var posted = 0;
        foreach (var pair in _pairs)
        {
            pair.Counters.AddTo(sum);
            notifications += pair.Notifications;
            posted += pair.ReceiveBuffersPosted;
        }

        return sum.Snapshot(notifications) with { ReceivedFramesHeld = _frames.Receive.RentedCount - posted, Queues = ReadQueueStatistics() };
    }

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
            _client.Tell(IsStatusUntold ? State : NetworkDeviceEvent.LinkChanged(isLinkUp));
        }

        return true;
    }

    /// <summary>The first pair's <see cref="QueuePair.Service"/>, and a look for the device's answer about the others.</summary>
    internal bool Service()
    {
        TakeAnswer();
        return _first.Service();
    }

    /// <summary>Sends every frame of the batch by the first pair, or drops and counts it, and disposes the batch.</summary>
    internal void Transmit(FrameBatch batch) => _first.Transmit(batch);

    /// <summary>Tells the client the whole state if it missed news, and gives the device receive buffers if there are frames again. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            _client.Tell(State);
        }

        _first.CatchUp();
    }

    private NetworkDeviceInformation ReadInformation() => new()
    {
        Name = Name,
        HardwareAddress = _configuration.ReadHardwareAddress(_features)
            ?? _options.HardwareAddress ?? HardwareAddresses.LocallyAdministered(Name),
        MaximumTransmissionUnit = _configuration.ReadMaximumTransmissionUnit(_features),
        TransmitFrames = _frames.Transmit,
        Batches = _frames.Batches,
        TransmitOffload = VirtioNetConfiguration.TransmitOffload(_features),
    };
}
