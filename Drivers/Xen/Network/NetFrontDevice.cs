// xen/include/public/io/netif.h, one queue.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The guest's half of a Xen network card and all that outlives one incarnation of its driver: frame pools, rings, the attached client, the counters. Its methods
/// run in the turns of one actor, <see cref="NetFrontDriver"/>. The parts: .Receive, .Transmit, .Client.
/// </summary>
/// <remarks>
/// All frames are granted when the device starts and taken back when it stops; nothing is granted for a packet. The other domain reaches these pages and the two
/// rings, and no others. It may change a frame that it has delivered, as any device may.
/// </remarks>
public sealed partial class NetFrontDevice
{
    /// <summary>What one grant is for.</summary>
    internal const int PageBytes = 4096;

    private const int EthernetHeaderLength = 14;
    private const int MaximumTransmissionUnit = 1500;

    // Ethernet header and a VLAN tag.
    private const int LongestFrame = MaximumTransmissionUnit + EthernetHeaderLength + 4;

    private readonly XenFrontend _frontend;
    private readonly NetFrontOptions _options;
    private readonly DmaBlock _receiveMemory;
    private readonly DmaBlock _transmitMemory;
    private readonly DmaBlock _receivePage;
    private readonly DmaBlock _transmitPage;
    private readonly FramePool _receiveFrames;
    private readonly FramePool _transmitFrames;
    private readonly FrameBatchPool _batches;
    private readonly SharedRing _receive;
    private readonly SharedRing _transmit;
    private readonly uint[] _receiveGrants;
    private readonly uint[] _transmitGrants;
    private EventChannel? _channel;
    private NetworkDeviceInformation? _information;

    /// <summary>Takes the device; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    public NetFrontDevice(XenFrontend frontend, DmaArena arena, NetFrontOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frontend);
        ArgumentNullException.ThrowIfNull(arena);
        _frontend = frontend;
        _options = options ?? new NetFrontOptions();
        var receive = new FramePoolOptions { FrameCount = _options.ReceiveFrameCount, FrameSize = PageBytes, Headroom = 0 };
        _receiveMemory = arena.Allocate(receive.RequiredMemory, PageBytes);
        _receiveFrames = FramePool.Create(receive, _receiveMemory.Memory);
        var transmit = new FramePoolOptions { FrameCount = _options.TransmitFrameCount };
        _transmitMemory = arena.Allocate(transmit.RequiredMemory, PageBytes);
        _transmitFrames = FramePool.Create(transmit, _transmitMemory.Memory);
        _receivePage = arena.Allocate(PageBytes, PageBytes);
        _transmitPage = arena.Allocate(PageBytes, PageBytes);
        _receive = new SharedRing(_receivePage, ReceiveEntryLength);
        _transmit = new SharedRing(_transmitPage, TransmitEntryLength);
        _receiveGrants = new uint[_receiveMemory.Length / PageBytes];
        _transmitGrants = new uint[_transmitMemory.Length / PageBytes];
        _receiving = new FrameBuffer[_receive.Size];
        _transmitting = new FrameBuffer[_transmit.Size];
        _waiting = new Queue<FrameBuffer>(_options.TransmitQueueLength);
        _batches = FrameBatchPool.Create(_options.BatchCount);
    }

    /// <summary>Where the device is.</summary>
    public string Name => _frontend.Name;

    /// <summary>Whether the rings are in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The pool that received frames come from.</summary>
    public FramePool ReceiveFrames => _receiveFrames;

    /// <summary>The pool that clients rent from.</summary>
    public FramePool TransmitFrames => _transmitFrames;

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches => _batches;

    /// <summary>Whether frames given back later, or batches, must be looked for by a timer.</summary>
    internal bool IsHeldBack { get; private set; }

    /// <summary>
    /// Makes the rings and grants everything to the other domain, which does not know of it yet: it is told the numbers through xenstore and then
    /// connects. <paramref name="onEvent"/> is called for each event from then on. False: the other domain still holds pages of an earlier time; try again later.
    /// </summary>
    public bool TryPrepare(Action onEvent, out NetFrontNumbers numbers)
    {
        numbers = default;
        Stop();
        if (!_frontend.TryTakeBackGrants())
        {
            return false;
        }

        Abandon();
        _receive.Initialize();
        _transmit.Initialize();
        Grant(_receiveMemory, _receiveGrants, isReadOnly: false);
        Grant(_transmitMemory, _transmitGrants, isReadOnly: true);
        _channel = _frontend.OpenChannel();
        _channel.Connect(onEvent);
        numbers = new NetFrontNumbers(
            _frontend.Grant(_transmitPage, 0, isReadOnly: false), _frontend.Grant(_receivePage, 0, isReadOnly: false), _channel.Port);
        return true;
    }

    /// <summary>The other domain may connect from now on. Tells the client.</summary>
    /// <param name="address">The card's address.</param>
    /// <param name="completesChecksums">Whether the other domain completes checksums, over both versions of IP.</param>
    public void Start(HardwareAddress address, bool completesChecksums)
    {
        _resets += _wasStarted ? 1 : 0;
        _wasStarted = true;
        _information = new NetworkDeviceInformation
        {
            Name = Name,
            HardwareAddress = address,
            MaximumTransmissionUnit = MaximumTransmissionUnit,
            TransmitFrames = _transmitFrames,
            Batches = _batches,
            TransmitOffload = completesChecksums && _options.Offloads ? FrameOffloadFlags.NeedsChecksum : FrameOffloadFlags.None,
        };
        IsRunning = true;
        Refill();
        PublishReceive();
        TellStatus(NetworkDeviceEvent.Started(_information, isLinkUp: true));
    }

    /// <summary>Ends the use of the rings. Frames with the other domain stay where they are until their grants are back. Tells the client.</summary>
    public void Stop()
    {
        _channel?.Disconnect();
        _channel = null;
        IsHeldBack = false;
        while (_waiting.TryDequeue(out var frame))
        {
            frame.Dispose();
            _transmitLostInReset++;
        }

        if (_frontend.TryTakeBackGrants())
        {
            Abandon();
        }

        if (IsRunning)
        {
            IsRunning = false;
            TellStatus(NetworkDeviceEvent.Stopped());
        }
    }

    /// <summary>
    /// Hands on up to a turn's budget of received frames, refills the ring, and takes back sent frames. True: more is waiting and no event will tell of it.
    /// </summary>
    /// <exception cref="XenViolationException">The other end broke the protocol.</exception>
    internal bool Service()
    {
        if (!IsRunning)
        {
            return false;
        }

        var budget = _options.ReceiveBudget;
        while (true)
        {
            budget -= Receive(budget);
            Refill();
            PublishReceive();
            if (budget <= 0 || IsHeldBack || _receive.TryAskForEvent())
            {
                break;
            }
        }

        PumpTransmit();
        return budget <= 0;
    }

    /// <summary>Tells the client the whole state if it missed news. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            TellStatus(IsRunning ? NetworkDeviceEvent.Started(_information!, isLinkUp: true) : NetworkDeviceEvent.Stopped());
        }
    }

    private void Grant(DmaBlock memory, uint[] grants, bool isReadOnly)
    {
        for (var page = 0; page < grants.Length; page++)
        {
            grants[page] = _frontend.Grant(memory, page * PageBytes, isReadOnly);
        }
    }

    /// <summary>Takes back the frames that the other domain cannot reach any more.</summary>
    private void Abandon()
    {
        foreach (ref var frame in _receiving.AsSpan())
        {
            frame.Dispose();
            frame = default;
        }

        foreach (ref var frame in _transmitting.AsSpan())
        {
            _transmitLostInReset += frame.IsNone ? 0 : 1;
            frame.Dispose();
            frame = default;
        }
    }
}

/// <summary>What the other domain is told to connect by.</summary>
/// <param name="TransmitRing">Grant of the ring of frames to send.</param>
/// <param name="ReceiveRing">Grant of the ring of frames to receive.</param>
/// <param name="Channel">Port of the event channel.</param>
public readonly record struct NetFrontNumbers(uint TransmitRing, uint ReceiveRing, uint Channel);
