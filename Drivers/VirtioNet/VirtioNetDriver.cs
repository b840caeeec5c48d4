using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// The actor that drives a virtio network device. Spawn it with a factory and <see cref="FailurePolicy.Restart"/>: a new
/// incarnation on the same <see cref="VirtioNetDevice"/> resets the device and goes on.
/// </summary>
/// <remarks>
/// <para>
/// <b>Interrupts are not lost</b> even when the mailbox is full: the callback sets a flag before it tries to post, and every
/// message that is handled looks at the flag. A full mailbox has messages to handle.
/// </para>
/// <para>
/// <b>Of several queue pairs</b> the first is this actor's own, and each other one is a child's (<see cref="QueuePairActor"/>). Frames to send are handed on to the pair of their flow.
/// The children have ended before the device is reset, stopped or given another client, so nobody touches a ring meanwhile; what they had in their mailboxes is lost, as in any reset.
/// A child that fails takes this actor along, whose supervisor restarts it.
/// </para>
/// <para>
/// <b>A lying device</b> is reset at once; after several lies without a good frame in between it is left in reset for a while,
/// so that it cannot keep a processor busy; so is one whose memory is refused.
/// </para>
/// </remarks>
public sealed class VirtioNetDriver : Actor<NetworkDeviceMessage>
{
    internal static readonly TimeSpan CatchUpDelay = TimeSpan.FromMilliseconds(10);

    /// <summary>The layers above get that long to give frames back; a full ring of small frames lasts longer at 100,000 a second.</summary>
    internal static readonly TimeSpan HoldDelay = TimeSpan.FromMilliseconds(1);

    private readonly VirtioNetDevice _device;
    private readonly DeviceRecovery _recovery;
    private ActorRef<NetworkDeviceMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;
    private int _violatedInPair;
    private bool _isWorkLeft;
    private ActorRef<NetworkDeviceMessage>[] _further = [];

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioNetDriver(VirtioNetDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _recovery = new DeviceRecovery(() => device.Start(OnInterrupt), device.Stop, delay => _timer.Restart(delay));
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(NetworkDeviceMessage.Continue());
        if (_device.WasStarted)
        {
            _recovery.Start();
        }
        else
        {
            _device.Start(OnInterrupt);
        }

        WatchDevice();
    }

    /// <inheritdoc/>
    protected override void Stopped() => _device.Stop();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(NetworkDeviceMessage message)
    {
        if (_further.Length > 0)
        {
            if (message.Kind is NetworkDeviceMessageKind.Attach or NetworkDeviceMessageKind.Detach)
            {
                return CloseAndHandleAsync(message);
            }

            if (message.Kind == NetworkDeviceMessageKind.Transmit && FurtherPairOf(message.Frames) is { } pair)
            {
                // Like every other message it looks for an interrupt.
                ValueTask turn = TurnAsync(default);
                return turn.IsCompletedSuccessfully ? pair.TellAsync(message) : HandOnAsync(turn, pair, message);
            }
        }

        return TurnAsync(message);
    }

    private ValueTask TurnAsync(NetworkDeviceMessage message)
    {
        try
        {
            Handle(in message);
            if (ProcessorMemory.LoadAcquire(ref _interrupted) != 0 && ProcessorMemory.Exchange(ref _interrupted, 0) != 0)
            {
                if (!_device.TakeInterrupt())
                {
                    throw new DeviceViolationException($"{_device.Name} asks for a reset.");
                }

                _isWorkLeft = true;
            }

            if (_isWorkLeft || _device.IsHeldBack)
            {
                _isWorkLeft = _device.Service();
            }

            if (_further.Length > 0 && ProcessorMemory.LoadAcquire(ref _violatedInPair) != 0)
            {
                throw new DeviceViolationException($"{_device.Name} broke the rules in another queue.");
            }
        }
        catch (DeviceViolationException)
        {
            _device.CountViolation();
            _isWorkLeft = false;
            if (_further.Length > 0)
            {
                return CloseAndRecoverAsync();
            }

            _recovery.OnViolation(_device.Progress);
        }

        GoOn();
        return default;
    }

    private void GoOn()
    {
        if (_isWorkLeft)
        {
            // If this finds the mailbox full, the messages in it bring the work along.
            _self!.TryTell(NetworkDeviceMessage.Continue());
        }

        if (_further.Length == 0 && _device.MayOpenPairs)
        {
            OpenPairs();
        }

        WatchDevice();
    }

    /// <summary>Another pair's actor, if the frames are of a flow of its.</summary>
    private ActorRef<NetworkDeviceMessage>? FurtherPairOf([Borrowed] FrameBatch frames)
    {
        try
        {
            // A batch is of one flow: who sends one writes one header for all its frames.
            var pair = frames.Count == 0 ? 0 : FlowHash.Queue(frames[0].Data, _further.Length + 1);
            return pair == 0 ? null : _further[pair - 1];
        }
        catch (InvalidOperationException)
        {
            // It was given back already: this actor's own turn fails over it.
            return null;
        }
    }

    private void OpenPairs()
    {
        ProcessorMemory.StoreRelease(ref _violatedInPair, 0);
        var pairs = _device.FurtherPairs;
        _further = new ActorRef<NetworkDeviceMessage>[pairs.Length];
        for (var index = 0; index < pairs.Length; index++)
        {
            var actor = new QueuePairActor(pairs[index], OnViolationInPair);
            _further[index] = Context.Spawn(actor, new SpawnOptions { Name = $"queue pair {pairs[index].Index}", OnFailure = FailurePolicy.Escalate, WaitsFor = [] });
            Context.System.AddWaits(Context.Self, _further[index]);
        }
    }

    /// <summary>Ends the actors of the other pairs. When it completes, nobody but this actor touches the device.</summary>
    private async ValueTask ClosePairsAsync()
    {
        foreach (var actor in _further)
        {
            await actor.StopAsync(drain: false);
        }

        _further = [];
    }

    private async ValueTask CloseAndHandleAsync(NetworkDeviceMessage message)
    {
        await ClosePairsAsync();
        await TurnAsync(message);
    }

    private async ValueTask CloseAndRecoverAsync()
    {
        await ClosePairsAsync();
        _recovery.OnViolation(_device.Progress);
        GoOn();
    }

    private static async ValueTask HandOnAsync(ValueTask turn, ActorRef<NetworkDeviceMessage> pair, NetworkDeviceMessage message)
    {
        await turn;
        // If the pair has ended meanwhile, the message is a dead letter, and its frames go back.
        await pair.TellAsync(message);
    }

    private void Handle(in NetworkDeviceMessage message)
    {
        switch (message.Kind)
        {
            case NetworkDeviceMessageKind.Transmit:
                _device.Transmit(message.Frames);
                break;
            case NetworkDeviceMessageKind.Attach:
                _device.Attach(message.Client!);
                break;
            case NetworkDeviceMessageKind.Detach:
                _device.Detach();
                break;
            case NetworkDeviceMessageKind.GetStatistics:
                message.StatisticsReply.Set(_device.ReadStatistics());
                break;
            case NetworkDeviceMessageKind.Continue:
                Continue();
                break;
            case NetworkDeviceMessageKind.None:
            case NetworkDeviceMessageKind.Interrupt:
            default:
                break;
        }
    }

    private void Continue()
    {
        // The driver sends itself the same message when it has work left.
        if (!_timer.IsActive)
        {
            _recovery.GoOn();
        }

        _device.CatchUp();
    }

    private void WatchDevice()
    {
        if ((_device.IsHeldBack || _device.IsStarved || _device.IsStatusUntold) && !_timer.IsActive)
        {
            _timer.Restart(_device.IsHeldBack ? HoldDelay : CatchUpDelay);
        }
    }

    /// <summary>Runs on a worker, outside this actor's turns.</summary>
    private void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(NetworkDeviceMessage.Interrupt());
        }
    }

    /// <summary>Runs in the turn of a pair's actor.</summary>
    private void OnViolationInPair()
    {
        ProcessorMemory.StoreRelease(ref _violatedInPair, 1);
        // A full mailbox has messages to handle, and each looks.
        _self!.TryTell(NetworkDeviceMessage.Interrupt());
    }
}
