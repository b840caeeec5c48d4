using Troupe.Actors;
using Troupe.Core.Capabilities;
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
/// <b>A lying device</b>, or one that has requests and ends none for half of <see cref="BlockDeviceMessage.Patience"/>, is reset at once; after several lies without a good
/// request in between it is left in reset for a second, and clients are answered with <see cref="BlockStatus.DeviceReset"/> meanwhile.
/// </para>
/// </remarks>
public sealed class VirtioBlkDriver : Actor<BlockDeviceMessage>
{
    private const int MaximumViolationsInARow = 4;
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DeviceTimeout = BlockDeviceMessage.Patience / 2;

    private readonly VirtioBlkDevice _device;
    private ActorRef<BlockDeviceMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;
    private bool _isResting;
    private int _violationsInARow;
    private long _completedAtViolation;
    private long _completedAtTimer;

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioBlkDriver(VirtioBlkDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(BlockDeviceMessage.Deadline());
        if (_device.WasStarted)
        {
            StartAgain();
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
        }
        catch (DeviceViolationException)
        {
            Recover();
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
        if (_isResting)
        {
            _isResting = false;
            StartAgain();
        }
        else if (_device.InFlight > 0 && _device.Completed == _completedAtTimer)
        {
            throw new DeviceViolationException($"{_device.Name} ended no request for {DeviceTimeout}.");
        }
    }

    private void Recover()
    {
        _device.CountViolation();
        _violationsInARow = _device.Completed == _completedAtViolation ? _violationsInARow + 1 : 1;
        _completedAtViolation = _device.Completed;
        if (_violationsInARow <= MaximumViolationsInARow)
        {
            StartAgain();
            return;
        }

        Rest();
    }

    /// <summary>Memory for the ring may be refused for a while, and a device may be nonsense for a while. A driver that gave up then would take its clients' disk away for good.</summary>
    private void StartAgain()
    {
        try
        {
            _device.Start(OnInterrupt);
        }
        catch (Exception exception) when (exception is CapabilityException or VirtioException)
        {
            Rest();
        }
    }

    private void Rest()
    {
        _device.Stop();
        _isResting = true;
        _timer.Restart(RestartDelay);
    }

    /// <summary>The timer runs while requests are in flight, from the last one that ended.</summary>
    private void WatchDevice()
    {
        if (_isResting)
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
