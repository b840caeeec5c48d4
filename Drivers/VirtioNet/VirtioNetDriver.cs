using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Queues;
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
/// <b>Of several queue pairs</b> the first is this actor's own, and each other one is a child's (<see cref="FurtherQueues{TMessage}"/>). Frames to send are handed on to the pair of their flow.
/// </para>
/// <para>
/// <b>A lying device</b> is reset at once; after several lies without a good frame in between it is left in reset for a while,
/// so that it cannot keep a processor busy; so is one whose memory is refused.
/// </para>
/// <para>
/// <b>When its capability was revoked</b>, the incarnation that finds out fails, and the next ones leave the device alone for good.
/// </para>
/// </remarks>
public sealed class VirtioNetDriver : Actor<NetworkDeviceMessage>, IRestartsToSwap
{
    private readonly VirtioNetDevice _device;
    private readonly FurtherQueues<NetworkDeviceMessage> _further;
    private readonly DeviceRecovery _recovery;
    private ActorRef<NetworkDeviceMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;
    private bool _isWorkLeft;

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioNetDriver(VirtioNetDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        // A full mailbox has messages to handle, and each looks.
        _further = new FurtherQueues<NetworkDeviceMessage>(() => _self!.TryTell(NetworkDeviceMessage.Interrupt()));
        _recovery = new DeviceRecovery(() => device.Start(OnInterrupt), device.Stop, delay => _timer.Restart(delay), device.Arena);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(NetworkDeviceMessage.Continue());
        if (_device.WasStarted)
        {
            _recovery.Begin();
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
        if (_further.AreOpen)
        {
            if (message.Kind is NetworkDeviceMessageKind.Attach or NetworkDeviceMessageKind.Detach)
            {
                return CloseAndHandleAsync(message);
            }

            if (message.Kind == NetworkDeviceMessageKind.Transmit && _further.SenderOf(message.Frames) is { } pair)
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

            if (_further.HaveViolation)
            {
                throw new DeviceViolationException($"{_device.Name} broke the rules in another queue.");
            }
        }
        catch (DeviceViolationException)
        {
            _device.CountViolation();
            _isWorkLeft = false;
            if (_further.AreOpen)
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

        if (!_further.AreOpen && _device.MayOpenPairs)
        {
            _further.Open(Context, _device.FurtherPairs, NetworkQueueActor.Spawn);
        }

        WatchDevice();
    }

    private async ValueTask CloseAndHandleAsync(NetworkDeviceMessage message)
    {
        await _further.CloseAsync();
        await TurnAsync(message);
    }

    private async ValueTask CloseAndRecoverAsync()
    {
        await _further.CloseAsync();
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
            _timer.Restart(_device.IsHeldBack ? QueueDelays.Hold : QueueDelays.CatchUp);
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
}
