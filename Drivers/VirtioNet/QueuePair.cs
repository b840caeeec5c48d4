// VIRTIO 1.2, section 5.1.2: receiveq N and transmitq N of a network device.
using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// One receive ring and one transmit ring, with what waits to be sent and what was counted. Its methods run in the turns of one actor: the first pair's in the driver's, each
/// other's in its <see cref="QueuePairActor"/>'s while that lives, and in the driver's when it does not. The parts: .Receive, .Transmit.
/// </summary>
internal sealed partial class QueuePair
{
    private const int LargestPacket = FrameTransmission.LargestPacket;
    private const int EthernetHeaderLength = VirtioNetConfiguration.EthernetHeaderLength;

    private readonly string _name;
    private readonly DeviceFrames _frames;
    private readonly VirtioNetOptions _options;
    private readonly NetworkDeviceCounters _counters;
    private readonly FrameQueue _waiting;
    private FrameRing? _receive;
    private FrameRing? _transmit;
    private ulong _features;
    private FrameOffloadFlags _transmitOffload;
    private int _maximumTransmissionUnit;
    private int _interrupted;
    private ActorRef<NetworkDeviceMessage>? _actor;

    public QueuePair(int index, string name, DeviceFrames frames, VirtioNetOptions options, NetworkDeviceCounters counters)
    {
        Index = index;
        _name = name;
        _frames = frames;
        _options = options;
        _counters = counters;
        _waiting = new FrameQueue(options.TransmitQueueLength);
        _pieces = new FrameBuffer[options.RingSizeLimit];
    }

    /// <summary>Which of the device's pairs it is.</summary>
    public int Index { get; }

    /// <summary>The number of its receive ring at the device; that of the transmit ring is one more (section 5.1.2).</summary>
    public int FirstQueue => 2 * Index;

    /// <summary>What it counted.</summary>
    public NetworkDeviceCounters Counters => _counters;

    /// <summary>Who gets what comes in; null: nobody.</summary>
    public NetworkDeviceClient? Client { get; set; }

    /// <summary>Whether the client refused the latest news of the device, which it must be told before any frame.</summary>
    public bool IsStatusUntold { get; set; }

    /// <summary>Whether so few receive buffers are with the device that frames given back later must be looked for, by a timer.</summary>
    public bool IsStarved => IsRunning && _receive!.Queue.BuffersInFlight < MinimumReceiveBuffers;

    /// <summary>Whether packets were left in the ring because there was no room for them; no interrupt tells when there is, so <see cref="Service"/> has to look again.</summary>
    public bool IsHeldBack { get; private set; }

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

    /// <summary>The device is about to be reset: until that is seen complete it may still write, so frames stay where they are, and memory in quarantine.</summary>
    public void Retire()
    {
        IsRunning = false;
        IsHeldBack = false;
        _counters.EarlierNotifications += Notifications;
        _receive?.Queue.Dispose();
        _transmit?.Queue.Dispose();
    }

    /// <summary>The device was reset: takes back the frames it held. What waited to be sent is lost and counted.</summary>
    public void Abandon()
    {
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
    }

    /// <summary>
    /// Hands on up to a turn's budget of received frames, refills the ring, and takes back sent frames. True: more is waiting and no interrupt will tell of it.
    /// </summary>
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

    /// <summary>Gives the device receive buffers if there are frames again. Called by a timer.</summary>
    public void CatchUp()
    {
        if (IsRunning)
        {
            Refill();
            _receive!.Queue.Publish();
        }
    }

    /// <summary>Its interrupts become messages of this actor from now on. One that came before has sent none: the actor begins with a look at the rings.</summary>
    public void ConnectActor(ActorRef<NetworkDeviceMessage> actor) => ProcessorMemory.Exchange(ref _actor, actor);

    /// <summary>Runs on a worker, outside the actor's turns: sets a flag, which every message looks at, and sends one.</summary>
    public void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            ProcessorMemory.LoadAcquire(ref _actor)?.TryTell(NetworkDeviceMessage.Interrupt());
        }
    }

    /// <summary>Whether there was an interrupt since the last call.</summary>
    public bool TakeInterrupt()
    {
        if (ProcessorMemory.LoadAcquire(ref _interrupted) == 0 || ProcessorMemory.Exchange(ref _interrupted, 0) == 0)
        {
            return false;
        }

        _counters.Interrupts++;
        return true;
    }
}
