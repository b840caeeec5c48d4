// xen/include/public/io/netif.h.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The guest's half of a Xen network card and all that outlives one incarnation of its driver: frame pools, rings, the attached client, the counters. Its methods
/// run in the turns of one actor, <see cref="NetFrontDriver"/>; those of its queues beside the first in actors of their own. The parts: .Queues, .Client.
/// </summary>
/// <remarks>
/// All frames are granted when the device starts and taken back when it stops; nothing is granted for a packet. The other domain reaches these pages and the
/// rings, and no others. It may change a frame that it has delivered, as any device may.
/// </remarks>
public sealed partial class NetFrontDevice
{
    private readonly XenFrontend _frontend;
    private readonly DmaArena _arena;
    private readonly NetFrontOptions _options;
    private readonly NetFrontFrames _frames;
    private readonly NetworkDeviceCounters _counters;
    private NetworkDeviceInformation? _information;
    private bool _wasStarted;

    /// <summary>Takes the device; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    public NetFrontDevice(XenFrontend frontend, DmaArena arena, NetFrontOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frontend);
        ArgumentNullException.ThrowIfNull(arena);
        _frontend = frontend;
        _arena = arena;
        _options = options ?? new NetFrontOptions();
        _frames = new NetFrontFrames(arena, _options);
        _first = CreateQueue(0);
        _queues = [_first];
        _client = new AttachedClient(_first.Reception);
        _counters = _first.Counters;
    }

    /// <summary>Where the device is.</summary>
    public string Name => _frontend.Name;

    /// <summary>Whether its capability was revoked: nothing will be granted again.</summary>
    internal bool IsRevoked => _arena.IsRevoked;

    /// <summary>Whether the rings are in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The pool that received frames come from.</summary>
    public FramePool ReceiveFrames => _frames.Receive;

    /// <summary>The pool that clients rent from.</summary>
    public FramePool TransmitFrames => _frames.Transmit;

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches => _frames.Batches;

    /// <summary>What is wanted of the other half.</summary>
    internal NetFrontOptions Options => _options;

    /// <inheritdoc cref="NetFrontQueue.IsHeldBack"/>
    internal bool IsHeldBack => _first.IsHeldBack;

    /// <inheritdoc cref="NetFrontQueue.IsStarved"/>
    internal bool IsStarved => _first.IsStarved;

    /// <summary>The other domain may connect from now on. Tells the client.</summary>
    internal void Start(in NetFrontAbilities abilities)
    {
        _counters.Resets += _wasStarted ? 1 : 0;
        _wasStarted = true;
        _information = new NetworkDeviceInformation
        {
            Name = Name,
            HardwareAddress = abilities.Address,
            MaximumTransmissionUnit = NetFrontQueue.MaximumTransmissionUnit,
            TransmitFrames = _frames.Transmit,
            Batches = _frames.Batches,
            TransmitOffload = _options.Offloads ? abilities.TransmitOffload : FrameOffloadFlags.None,
        };
        IsRunning = true;
        for (var index = 0; index < _preparedQueues; index++)
        {
            _queues[index].Start(_information.TransmitOffload, abilities.Scatters);
        }

        _client.Tell(State);
    }

    /// <summary>Ends the use of the rings. Frames with the other domain stay where they are until their grants are back. Tells the client. May be called again, to look for the grants.</summary>
    /// <returns>Whether the other domain has let go of all pages.</returns>
    internal bool Stop()
    {
        foreach (var queue in _queues)
        {
            queue.Retire();
        }

        if (IsRunning)
        {
            IsRunning = false;
            _client.Tell(NetworkDeviceEvent.Stopped());
        }

        // Until the other domain has let go of all pages, frames stay where they are.
        return TryTakeBack();
    }

    internal void CountEvent() => _counters.Interrupts++;

    internal void CountViolation() => _counters.DeviceViolations++;

    internal NetworkDeviceStatistics ReadStatistics()
    {
        NetworkDeviceCounters sum = new();
        foreach (var queue in _queues)
        {
            queue.Counters.AddTo(sum);
        }

        return sum.Snapshot(notifications: 0) with { Queues = ReadQueueStatistics() };
    }

    /// <inheritdoc cref="NetFrontQueue.Service"/>
    internal bool Service() => _first.Service();

    /// <summary>Sends every frame of the batch by the first queue, or drops and counts it, and disposes the batch.</summary>
    internal void Transmit(FrameBatch batch) => _first.Transmit(batch);

    /// <summary>Tells the client the whole state if it missed news, and gives the other end receive buffers if there are frames again. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            _client.Tell(State);
        }

        _first.CatchUp();
    }
}
