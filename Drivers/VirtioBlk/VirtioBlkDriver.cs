using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Queues;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>
/// The actor that drives a virtio block device. Spawn it with a factory and <see cref="FailurePolicy.Restart"/>: a new incarnation on the same
/// <see cref="VirtioBlkDevice"/> resets the device and goes on; what was in flight is answered with <see cref="BlockStatus.DeviceReset"/>.
/// </summary>
/// <remarks>
/// <para>
/// <b>Interrupts are not lost</b> even when the mailbox is full: the callback sets a flag before it tries to post, and every message that is handled looks at the flag.
/// </para>
/// <para>
/// <b>Of several queues</b> the first is this actor's own, and each other one is a child's (<see cref="FurtherQueues{TMessage}"/>). A batch goes to the queue that has the fewest, so one that
/// comes alone takes no further hop. The children have ended before the device is reset or stopped, so nobody touches a ring meanwhile; what they had is answered then, like everything else.
/// A child that fails takes this actor along, whose supervisor restarts it.
/// </para>
/// <para>
/// <b>Requests that come together</b> are shown to the device together, when no message waits any more: each notification interrupts the device's side, and in a virtual machine ours too.
/// </para>
/// <para>
/// <b>A lying device</b>, or one that has requests and ends none for half of <see cref="BlockDeviceMessage.Patience"/>, is reset at once; after several lies without a good
/// request in between it is left in reset for a second, and clients are answered with <see cref="BlockStatus.DeviceReset"/> meanwhile.
/// </para>
/// <para>
/// <b>When its capability was revoked</b>, the incarnation that finds out fails, everything is answered, and the next ones leave the device alone and answer so for good.
/// </para>
/// </remarks>
public sealed class VirtioBlkDriver : Actor<BlockDeviceMessage>, IRestartsToSwap
{
    /// <summary>Messages after which the device is shown what it has been given even if more wait, so that it is not idle for long; half of what an actor handles in a turn.</summary>
    private const int MessagesPerPublication = 32;

    private readonly VirtioBlkDevice _device;
    private readonly DeviceRecovery _recovery;
    private readonly FurtherQueues<BlockDeviceMessage> _further;
    private ActorRef<BlockDeviceMessage>? _self;
    private TimerHandle _timer;
    private RequestDeadline? _deadline;
    private int _interrupted;
    private int _messages;

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioBlkDriver(VirtioBlkDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        // A full mailbox has messages to handle, and each looks.
        _further = new FurtherQueues<BlockDeviceMessage>(() => _self!.TryTell(BlockDeviceMessage.Interrupt()));
        _recovery = new DeviceRecovery(Start, device.Stop, delay => _timer.Restart(delay), device.Arena);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(BlockDeviceMessage.Deadline());
        _deadline = new RequestDeadline(_device.First, _timer);
        if (_device.WasStarted)
        {
            _recovery.Begin();
        }
        else
        {
            Start();
        }
    }

    /// <inheritdoc/>
    protected override void Stopped() => _device.Stop();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(BlockDeviceMessage message)
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

                if (_device.IsRunning)
                {
                    _device.First.Service();
                }
            }

            if (_further.HaveViolation)
            {
                throw new DeviceViolationException($"{_device.Name} broke the rules in another queue.");
            }

            // A message that waits is handled, and comes here too.
            if (++_messages == MessagesPerPublication || _self!.MailboxCount == 0)
            {
                _messages = 0;
                _device.First.Publish();
            }
        }
        catch (DeviceViolationException)
        {
            _device.CountViolation();
            return RecoverAsync();
        }

        WatchDevice();
        return default;
    }

    private void Handle(in BlockDeviceMessage message)
    {
        switch (message.Kind)
        {
            case BlockDeviceMessageKind.Submit:
                _device.Submit(message.Batch!, message.BatchReply);
                break;
            case BlockDeviceMessageKind.GetInformation:
                message.InformationReply.Set(_device.Information!);
                break;
            case BlockDeviceMessageKind.GetStatistics:
                message.StatisticsReply.Set(_device.ReadStatistics());
                break;
            case BlockDeviceMessageKind.Deadline:
                OnTimer();
                break;
            case BlockDeviceMessageKind.None:
            case BlockDeviceMessageKind.Interrupt:
            default:
                break;
        }
    }

    private void OnTimer()
    {
        if (_recovery.IsResting)
        {
            _recovery.GoOn();
        }
        else if (_deadline!.IsMissed)
        {
            throw new DeviceViolationException($"{_device.Name} ended no request for {RequestDeadline.DeviceTimeout}.");
        }
    }

    private void WatchDevice()
    {
        // While the device rests, the timer is for the end of that.
        if (!_recovery.IsResting)
        {
            _deadline!.Watch();
        }
    }

    /// <summary>Starts the device, and an actor for each queue beside the first. Those of the time before have ended.</summary>
    private void Start()
    {
        _device.Start(OnInterrupt);
        _further.Open(Context, _device.FurtherQueues, BlockQueueActor.Spawn);
    }

    /// <summary>Ends the actors of the other queues, and then does what is to be done about a device that broke the rules: nobody but this actor touches it any more.</summary>
    private async ValueTask RecoverAsync()
    {
        await _further.CloseAsync();
        _recovery.OnViolation(_device.Completed);
        WatchDevice();
    }

    /// <summary>Runs on a worker, outside this actor's turns.</summary>
    private void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(BlockDeviceMessage.Interrupt());
        }
    }
}
