using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
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
/// <b>Requests that come together</b> are shown to the device together, when no message waits any more: each notification interrupts the device's side, and in a virtual machine ours too.
/// </para>
/// <para>
/// <b>A lying device</b>, or one that has requests and ends none for half of <see cref="BlockDeviceMessage.Patience"/>, is reset at once; after several lies without a good
/// request in between it is left in reset for a second, and clients are answered with <see cref="BlockStatus.DeviceReset"/> meanwhile.
/// </para>
/// </remarks>
public sealed class VirtioBlkDriver : Actor<BlockDeviceMessage>
{
    private static readonly TimeSpan DeviceTimeout = BlockDeviceMessage.Patience / 2;

    /// <summary>Messages after which the device is shown what it has been given even if more wait, so that it is not idle for long; half of what an actor handles in a turn.</summary>
    private const int MessagesPerPublication = 32;

    private readonly VirtioBlkDevice _device;
    private readonly DeviceRecovery _recovery;
    private ActorRef<BlockDeviceMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;
    private int _messages;
    private long _completedAtTimer;

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioBlkDriver(VirtioBlkDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _recovery = new DeviceRecovery(() => device.Start(OnInterrupt), device.Stop, delay => _timer.Restart(delay));
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(BlockDeviceMessage.Deadline());
        if (_device.WasStarted)
        {
            _recovery.Start();
        }
        else
        {
            _device.Start(OnInterrupt);
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

                _device.Service();
            }

            // A message that waits is handled, and comes here too.
            if (++_messages == MessagesPerPublication || _self!.MailboxCount == 0)
            {
                _messages = 0;
                _device.Publish();
            }
        }
        catch (DeviceViolationException)
        {
            _device.CountViolation();
            _recovery.OnViolation(_device.Completed);
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
        else if (_device.InFlight > 0 && _device.Completed == _completedAtTimer)
        {
            throw new DeviceViolationException($"{_device.Name} ended no request for {DeviceTimeout}.");
        }
    }

    /// <summary>The timer runs while requests are in flight, from the last one that ended.</summary>
    private void WatchDevice()
    {
        if (_recovery.IsResting)
        {
            return;
        }

        if (_device.InFlight == 0)
        {
            _timer.Cancel();
        }
        else if (!_timer.IsActive || _device.Completed != _completedAtTimer)
        {
            _completedAtTimer = _device.Completed;
            _timer.Restart(DeviceTimeout);
        }
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
