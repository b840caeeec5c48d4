// xen/include/public/io/netif.h.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The guest's half of a Xen network card and all that outlives one incarnation of its driver: frame pools, rings, the attached client, the counters. Its methods
/// run in the turns of one actor, <see cref="NetFrontDriver"/>. The parts: .Client.
/// </summary>
/// <remarks>
/// All frames are granted when the device starts and taken back when it stops; nothing is granted for a packet. The other domain reaches these pages and the
/// rings, and no others. It may change a frame that it has delivered, as any device may.
/// </remarks>
public sealed partial class NetFrontDevice
{
    private readonly XenFrontend _frontend;
    private readonly NetFrontOptions _options;
    private readonly NetFrontFrames _frames;
    private readonly NetFrontQueue _first;
    private readonly NetworkDeviceCounters _counters;
    private NetworkDeviceInformation? _information;
    private bool _wasStarted;

    /// <summary>Takes the device; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    public NetFrontDevice(XenFrontend frontend, DmaArena arena, NetFrontOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frontend);
        ArgumentNullException.ThrowIfNull(arena);
        _frontend = frontend;
        _options = options ?? new NetFrontOptions();
        _frames = new NetFrontFrames(arena, _options);
        _first = new NetFrontQueue(Name, _frames, arena, _options, new NetworkDeviceCounters());
        _counters = _first.Counters;
    }

    /// <summary>Where the device is.</summary>
    public string Name => _frontend.Name;

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

    /// <summary>
    /// Makes the rings and grants everything to the other domain, which does not know of it yet: it is told the numbers through xenstore and then
    /// connects. <paramref name="onEvent"/> is called for each event from then on. False: the other domain still holds pages of an earlier time; try again later.
    /// </summary>
    internal bool TryPrepare(Action onEvent, out NetFrontNumbers numbers)
    {
        numbers = default;
        Stop();
        if (!_frontend.TryTakeBackGrants())
        {
            return false;
        }

        _first.Abandon();
        _frames.Grant(_frontend);
        numbers = _first.Prepare(_frontend, onEvent);
        return true;
    }

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
        _first.Start(_information.TransmitOffload, abilities.Scatters);
        TellStatus(NetworkDeviceEvent.Started(_information, isLinkUp: true));
    }

    /// <summary>Ends the use of the rings. Frames with the other domain stay where they are until their grants are back. Tells the client.</summary>
    internal void Stop()
    {
        _first.Retire();
        if (_frontend.TryTakeBackGrants())
        {
            _first.Abandon();
        }

        if (IsRunning)
        {
            IsRunning = false;
            TellStatus(NetworkDeviceEvent.Stopped());
        }
    }

    internal void CountEvent() => _counters.Interrupts++;

    internal void CountViolation() => _counters.DeviceViolations++;

    internal NetworkDeviceStatistics ReadStatistics() => _counters.Snapshot(notifications: 0);

    /// <inheritdoc cref="NetFrontQueue.Service"/>
    internal bool Service() => _first.Service();

    /// <inheritdoc cref="NetFrontQueue.Transmit"/>
    internal void Transmit(FrameBatch batch) => _first.Transmit(batch);

    /// <summary>Tells the client the whole state if it missed news, and gives the other end receive buffers if there are frames again. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            TellStatus(IsRunning ? NetworkDeviceEvent.Started(_information!, isLinkUp: true) : NetworkDeviceEvent.Stopped());
        }

        _first.CatchUp();
    }
}
