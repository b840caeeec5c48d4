// xen/include/public/io/netif.h: a queue is a ring of each kind and an event channel.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>
/// A ring of frames to send, a ring of frames to receive and the channel for both, with what waits to be sent and what was counted. The parts: .Receive, .Transmit.
/// </summary>
internal sealed partial class NetFrontQueue : INetworkQueue, IFrameRings
{
    public const int MaximumTransmissionUnit = 1500;

    private const int PageBytes = NetFrontFrames.PageBytes;
    private const int EthernetHeaderLength = FrameTransmission.EthernetHeaderLength;
    private const int LongestFrame = MaximumTransmissionUnit + FrameTransmission.LongestEthernetHeader;

    private readonly string _name;
    private readonly NetFrontFrames _frames;
    private readonly NetFrontOptions _options;
    private readonly NetworkDeviceCounters _counters;
    private readonly DmaBlock _receivePage;
    private readonly DmaBlock _transmitPage;
    private readonly SharedRing _receive;
    private readonly SharedRing _transmit;
    private EventChannel? _channel;
    private int _mostBuffers;
    private bool _takesLargePackets;
    private int _mostLeftover;
    private bool _isRunning;

    public NetFrontQueue(int index, string name, NetFrontFrames frames, DmaArena arena, NetFrontOptions options, NetworkDeviceCounters counters)
    {
        Index = index;
        Interrupts = new QueueInterrupts(counters);
        _name = name;
        _frames = frames;
        _options = options;
        _counters = counters;
        _receivePage = arena.Allocate(PageBytes, PageBytes);
        _transmitPage = arena.Allocate(PageBytes, PageBytes);
        _receive = new SharedRing(_receivePage, ReceiveEntryLength);
        _transmit = new SharedRing(_transmitPage, TransmitEntryLength);
        _receiving = new FrameBuffer[_receive.Size];
        _pieces = new FrameBuffer[_receive.Size];
        _sending = new PacketsInFlight(_transmit.Size);
        _waiting = new TransmitQueue(this, frames.Transmit, options.TransmitQueueLength, counters);
        Reception = new FrameReception(this, frames.Batches, counters);
    }

    /// <inheritdoc/>
    public int Index { get; }

    /// <inheritdoc/>
    public QueueInterrupts Interrupts { get; }

    /// <summary>What it counted.</summary>
    public NetworkDeviceCounters Counters => _counters;

    /// <summary>What comes in, on its way to the client.</summary>
    public FrameReception Reception { get; }

    /// <inheritdoc/>
    public bool IsHeldBack => Reception.IsHeldBack;

    /// <inheritdoc/>
    public bool IsStarved => _isRunning && _receive.Open < FewestBuffers;

    /// <summary>Empties the rings, grants them and opens the channel; the other domain does not know of them yet. Everything of an earlier time was taken back.</summary>
    /// <param name="frontend">The device's capability.</param>
    /// <param name="queues">How many queues share the frames.</param>
    /// <param name="onEvent">Called for each event from then on.</param>
    public NetFrontNumbers Prepare(XenFrontend frontend, int queues, Action onEvent)
    {
        _mostBuffers = BuffersOfEach(_options, queues);
        _takesLargePackets = TakesLargePackets(_options, queues);
        _mostLeftover = Math.Min(_transmit.Size, _options.TransmitFrameCount / queues) / 4;
        _receive.Initialize();
        _transmit.Initialize();
        _channel = frontend.OpenChannel(Index);
        _channel.Connect(onEvent, queues > 1 ? Index : null);
        return new NetFrontNumbers(frontend.Grant(_transmitPage, 0, isReadOnly: false), frontend.Grant(_receivePage, 0, isReadOnly: false), _channel.Port);
    }

    /// <summary>The other domain may connect from now on.</summary>
    /// <param name="transmitOffload">What it does for frames that are sent.</param>
    /// <param name="scatters">Whether it takes frames in several pieces.</param>
    public void Start(FrameOffloadFlags transmitOffload, bool scatters)
    {
        _transmitOffload = transmitOffload;
        _mostPieces = scatters ? MostSlots : 1;
        _isRunning = true;
        Refill();
        PublishReceive();
    }

    /// <summary>Ends the use of the rings. Frames with the other domain stay where they are until <see cref="Abandon"/>; what waited to be sent is lost and counted.</summary>
    public void Retire()
    {
        _isRunning = false;
        Reception.Retire();
        _channel?.Disconnect();
        _channel = null;
        _waiting.Abandon();
    }

    /// <summary>Takes back the frames, which the other domain cannot reach any more.</summary>
    public void Abandon()
    {
        foreach (ref var frame in _receiving.AsSpan())
        {
            frame.Dispose();
            frame = default;
        }

        _counters.TransmitLostInReset += _sending.Abandon();
        _extrasInFlight = 0;
    }

    /// <inheritdoc/>
    /// <exception cref="XenViolationException">The other end broke the protocol.</exception>
    public bool Service()
    {
        if (!_isRunning)
        {
            return false;
        }

        var budget = _options.ReceiveBudget;
        while (true)
        {
            budget -= Reception.Receive(budget);
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

    /// <inheritdoc/>
    public void CatchUp()
    {
        if (_isRunning)
        {
            Refill();
            PublishReceive();
        }
    }

    /// <inheritdoc/>
    public bool IsViolation(Exception exception) => exception is XenViolationException;

    private void Notify()
    {
        _counters.EarlierNotifications++;
        _channel!.Notify();
    }
}
