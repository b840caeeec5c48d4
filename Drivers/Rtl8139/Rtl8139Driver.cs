using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Rtl8139;

/// <summary>
/// The actor that drives an RTL8139 network card. Spawn it with a factory and <see cref="FailurePolicy.Restart"/>: a new incarnation on the same
/// <see cref="Rtl8139Device"/> resets the card and goes on.
/// </summary>
/// <remarks>
/// <para>
/// <b>Interrupts are not lost</b> even when the mailbox is full: the callback sets a flag before it tries to post, and every message that is handled looks at the
/// flag. A full mailbox has messages to handle.
/// </para>
/// <para>
/// <b>A card that lies</b> is reset at once; after several lies without a good frame in between it is left stopped for a while, so that it cannot keep a processor
/// busy; so is one that does not answer.
/// </para>
/// <para>
/// <b>When its capability was revoked</b>, the incarnation that finds out fails, and the next ones leave the card alone for good.
/// </para>
/// </remarks>
public sealed class Rtl8139Driver : Actor<NetworkDeviceMessage>, IRestartsToSwap
{
    private const int MaximumViolationsInARow = 4;
    private static readonly TimeSpan _restDelay = TimeSpan.FromSeconds(1);

    private readonly Rtl8139Device _device;
    private ActorRef<NetworkDeviceMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;
    private bool _isWorkLeft;
    private bool _isResting;
    private int _violationsInARow;
    private long _progressAtViolation;

    /// <summary>Creates an incarnation of the driver.</summary>
    public Rtl8139Driver(Rtl8139Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(NetworkDeviceMessage.Continue());
        if (_device.IsRevoked)
        {
            // An earlier incarnation has said so.
            _isResting = true;
        }
        else
        {
            StartDevice();
        }

        WatchDevice();
    }

    /// <inheritdoc/>
    protected override void Stopped() => _device.Stop();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(NetworkDeviceMessage message)
    {
        try
        {
            Handle(in message);
            if (ProcessorMemory.LoadAcquire(ref _interrupted) != 0 && ProcessorMemory.Exchange(ref _interrupted, 0) != 0)
            {
                _device.TakeInterrupt();
                _isWorkLeft = true;
            }

            if (_isWorkLeft || _device.IsHeldBack)
            {
                _isWorkLeft = _device.Service();
            }
        }
        catch (Rtl8139Exception)
        {
            Recover();
        }

        if (_isWorkLeft)
        {
            // If this finds the mailbox full, the messages in it bring the work along.
            _self!.TryTell(NetworkDeviceMessage.Continue());
        }

        WatchDevice();
        return default;
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
        if (_isResting && !_timer.IsActive && !_device.IsRevoked)
        {
            _isResting = false;
            StartDevice();
        }

        _device.CatchUp();
    }

    private void Recover()
    {
        _device.CountViolation();
        _isWorkLeft = false;
        _violationsInARow = _device.Progress == _progressAtViolation ? _violationsInARow + 1 : 1;
        _progressAtViolation = _device.Progress;
        if (_violationsInARow <= MaximumViolationsInARow)
        {
            StartDevice();
        }
        else
        {
            Rest();
        }
    }

    /// <summary>A card that does not answer now may do so later. A driver that gave up would take its host off the network for good.</summary>
    private void StartDevice()
    {
        try
        {
            _device.Start(OnInterrupt);
        }
        catch (Rtl8139Exception)
        {
            _device.CountViolation();
            Rest();
        }
    }

    private void Rest()
    {
        _device.Stop();
        _isResting = true;
        _timer.Restart(_restDelay);
    }

    private void WatchDevice()
    {
        if ((_device.IsHeldBack || _device.IsStatusUntold) && !_timer.IsActive)
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
