// VIRTIO 1.2, section 5.1.2: receiveq N and transmitq N of a network device.
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// One receive ring and one transmit ring, with what waits to be sent and what was counted. The parts: .Receive, .Transmit.
/// </summary>
internal sealed partial class QueuePair : INetworkQueue, IFrameRings
{
    private const int LargestPacket = FrameTransmission.LargestPacket;
    private const int EthernetHeaderLength = VirtioNetConfiguration.EthernetHeaderLength;

    private readonly string _name;
    private readonly DeviceFrames _frames;
    private readonly VirtioNetOptions _options;
    private readonly NetworkDeviceCounters _counters;
    private readonly TransmitQueue _waiting;
    private FrameRing? _receive;
    private FrameRing? _transmit;
    private ulong _features;
    private FrameOffloadFlags _transmitOffload;
    private int _maximumTransmissionUnit;

    public QueuePair(int index, string name, DeviceFrames frames, VirtioNetOptions options, NetworkDeviceCounters counters)
    {
        Index = index;
        _name = name;
        _frames = frames;
        _options = options;
        _counters = counters;
        Interrupts = new QueueInterrupts(counters);
        _waiting = new TransmitQueue(this, frames.Transmit, options.TransmitQueueLength, counters);
        Reception = new FrameReception(this, frames.Batches, counters);
        _pieces = new FrameBuffer[options.RingSizeLimit];
    }

    /// <inheritdoc/>
    public int Index { get; }

    /// <inheritdoc/>
    public QueueInterrupts Interrupts { get; }

    /// <summary>The number of its receive ring at the device; that of the transmit ring is one more (section 5.1.2).</summary>
    public int FirstQueue => 2 * Index;

    /// <summary>What it counted.</summary>
    public NetworkDeviceCounters Counters => _counters;

    /// <summary>What comes in, on its way to the client.</summary>
    public FrameReception Reception { get; }

    /// <inheritdoc/>
    public bool IsStarved => IsRunning && _receive!.Queue.BuffersInFlight < MinimumReceiveBuffers;

    /// <inheritdoc/>
    public bool IsHeldBack => Reception.IsHeldBack;

    /// <summary>Receive buffers that are with the device.</summary>
    public int ReceiveBuffersPosted => _receive?.Queue.BuffersInFlight ?? 0;

    /// <summary>Notifications since the last start.</summary>
    public long Notifications => (_receive?.Queue.Notifications ?? 0) + (_transmit?.Queue.Notifications ?? 0);

    private bool IsRunning { get; set; }

    /// <summary>
    /// Buffers that stay with the device whatever the client holds: enough for a packet of the largest kind, or the device would wait for more, and with it every
    /// packet behind, such as the one for which the client holds all others.
    /// </summary>
    private int MinimumReceiveBuffers => Math.Min(_receive!.Queue.Size, Math.Max(1, _receive.Queue.Size / 8) + LargestPieceCount);

    private int LargestPieceCount => MergesBuffers ? (LargestPacket / (_options.FrameSize - FramePoolOptions.DefaultHeadroom)) + 2 : 0;

    private int MaximumFrameLength => _maximumTransmissionUnit + VirtioNetConfiguration.LongestEthernetHeader;

    /// <summary>Takes its rings, which the device was just told of, and fills that for receiving; the device does not see that before <see cref="Open"/>.</summary>
    public void Start(FrameRing receive, FrameRing transmit, ulong features, int maximumTransmissionUnit)
    {
        _receive = receive;
        _transmit = transmit;
        _features = features;
        _transmitOffload = VirtioNetConfiguration.TransmitOffload(features);
        _maximumTransmissionUnit = maximumTransmissionUnit;
        _transmit.Queue.DisableInterrupts();
        Refill();
    }

    /// <summary>The device runs. The first used buffer interrupts: fresh rings are zero, which asks for exactly that.</summary>
    public void Open()
    {
        IsRunning = true;
        // A notification before DRIVER_OK would be wrong (section 3.1.1), so the buffers are shown after it.
        _receive!.Queue.Publish();
    }

    /// <summary>
    /// The device is about to be reset: what waited to be sent is lost and counted. Until the reset is seen complete the device may still write, so the frames it has stay where they are, and
    /// memory in quarantine.
    /// </summary>
    public void Retire()
    {
        IsRunning = false;
        Reception.Retire();
        _counters.EarlierNotifications += Notifications;
        _receive?.Queue.Dispose();
        _transmit?.Queue.Dispose();
        _waiting.Abandon();
    }

    /// <summary>The device was reset: takes back the frames it held.</summary>
    public void Abandon()
    {
        _receive?.Abandon();
        _counters.TransmitLostInReset += _transmit?.Abandon() ?? 0;
        _receive = null;
        _transmit = null;
    }

    /// <summary>The device will never be reset: the frames it has are lost and counted, and stay rented, so that nobody else gets them.</summary>
    public void GiveUp()
    {
        _counters.TransmitLostInReset += _transmit?.Queue.BuffersInFlight ?? 0;
        _transmit = null;
    }

    /// <inheritdoc/>
    /// <exception cref="DeviceViolationException">The device broke the rules of a ring.</exception>
    public bool Service()
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
            budget -= Reception.Receive(budget);
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

    /// <inheritdoc/>
    public void CatchUp()
    {
        if (IsRunning)
        {
            Refill();
            _receive!.Queue.Publish();
        }
    }

    /// <inheritdoc/>
    public bool IsViolation(Exception exception) => exception is DeviceViolationException;
}
